# What developers type; `./run` and `./test` are what the README promises.
BIN := .venv/bin

.PHONY: check lint types contracts fast run test bench crash-test
check: lint types contracts fast

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

fast:
	$(BIN)/pytest -n 2 -m "not slow and not interop and not database and not token"

run:
	./run

test:
	./test

bench:
	$(BIN)/python -m bench

crash-test:
	$(BIN)/pytest -m slow tests/crash --kills=100
