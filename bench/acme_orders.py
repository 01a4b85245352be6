"""A full ACME order: newOrder, authorization, challenge, polls, finalize, certificate; beside Pebble."""

from pathlib import Path
from typing import Any

from bench.measuring import cpu_seconds, resident_megabytes, share
from bench.pebble import find_pebble, serving_pebble
from bench.postgresql import serving_postgresql
from bench.site import Generator, serving
from bench.tables import Cell, Table

RUNS = ((1, 100), (8, 400), (32, 400), (256, 512))
"""Connections, and orders in all."""

WARM_UP = 20
SECONDS = 40


def measure() -> Table:
    """Both servers, alternately, at each number of connections; fresh processes each time."""
    columns = ("server", "connections", "orders", "errors", "orders/s", "p50 / p95 ms", "requests/order")
    table = Table("A full ACME order", (*columns, "server CPU ms/order", "client CPU ms/order", "memory MB"))
    program = find_pebble()
    for connections, orders in RUNS:
        _ours(table, "emca-daemon", connections, orders)
        _ours(table, "emca-daemon, validation off", connections, orders, validating=False)
        if program is not None:
            with serving_pebble(program) as (pid, directory, bundle):
                load(directory, bundle, 1, WARM_UP)
                table.add("pebble", connections, *_run(pid, directory, bundle, connections, orders))
    with serving_postgresql() as store:
        _ours(table, "emca-daemon, PostgreSQL, validation off", *RUNS[1], store=store, validating=False)
    table.notes += [
        (
            "All: TLS with kept connections, ES256 accounts (one a connection) and P-256 requests beforehand, one "
            "name an order, one process. PostgreSQL's own CPU is not counted."
        ),
        (
            "emca-daemon writes to SQLite (WAL, FULL) or PostgreSQL and signs with P-256; unless validation is off it "
            "fetches every http-01 answer from the load generator. Pebble validates nothing, keeps everything in "
            "memory and signs with RSA-2048."
        ),
        "Pebble may stop answering when it has many connections; what it had done until then is counted.",
    ]
    if program is None:
        table.notes.append("Pebble is not installed here.")
    return table


def _ours(table: Table, name: str, connections: int, orders: int, *, store: str = "", validating: bool = True) -> None:
    with serving(store, validating=validating) as site:
        where, port = (site.daemon.directory, site.daemon.ca_bundle), site.answers_port
        load(*where, 1, WARM_UP, port)
        table.add(name, connections, *_run(site.pid, *where, connections, orders, port))


def load(directory: str, bundle: Path, connections: int, orders: int, answers_port: int = 0) -> Any:
    """Run the load generator without measuring."""
    with generator(directory, bundle, connections, orders, answers_port) as one:
        return one.run() if one.ready() else None


def generator(directory: str, bundle: Path, connections: int, orders: int, answers_port: int) -> Generator:
    """The load generator for that server."""
    return Generator(
        "bench.load_client",
        *("--directory", directory, "--bundle", str(bundle), "--connections", str(connections)),
        *("--orders", str(orders), "--seconds", str(SECONDS), "--answers-port", str(answers_port)),
    )


def _run(
    pid: int, directory: str, bundle: Path, connections: int, orders: int, answers_port: int = 0
) -> tuple[Cell, ...]:
    with generator(directory, bundle, connections, orders, answers_port) as one:
        if not one.ready():
            return (0, "no account", "-", "-", "-", "-", "-", resident_megabytes(pid))
        before = cpu_seconds(pid)
        report = one.run()
        cpu = cpu_seconds(pid) - before
    done = max(1, report["orders"])
    latencies = report["latencies"]
    failures = sum(report["failures"].values())
    return (
        report["orders"],
        f"{failures}: {next(iter(report['failures']))[:40]}" if failures else 0,
        report["orders"] / report["seconds"],
        f"{1000 * share(latencies, 0.5):.0f} / {1000 * share(latencies, 0.95):.0f}",
        report["requests"] / done,
        1000 * cpu / done,
        1000 * report["cpu"] / done,
        resident_megabytes(pid),
    )


def measured(pid: int, directory: str, bundle: Path, connections: int, orders: int) -> tuple[Cell, ...]:
    """Of the same run: errors, orders a second, milliseconds of the server's CPU an order, its memory."""
    _, errors, rate, _, _, cpu, _, memory = _run(pid, directory, bundle, connections, orders)
    return errors, rate, cpu, memory
