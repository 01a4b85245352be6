# What developers type; `./run` and `./test` are what the README promises.
BIN := .venv/bin

.PHONY: check lint types contracts fast run test bench crash-test lock
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

# Add UPGRADE=--upgrade for newer versions; the development lock takes over every version of the runtime lock.
COMPILE = $(BIN)/uv pip compile setup.cfg --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	--no-annotate --custom-compile-command "make lock" --quiet $(UPGRADE)
lock:
	$(COMPILE) --extra editable -o requirements.lock
	$(COMPILE) --extra editable --extra dev -c requirements.lock -o requirements-dev.lock
