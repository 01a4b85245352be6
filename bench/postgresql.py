"""The PostgreSQL server that is measured with."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.postgres import PostgresServer


@contextmanager
def serving_postgresql() -> Iterator[str]:
    """The address of an empty database on a server of its own that really writes to the disk."""
    server = PostgresServer()
    server.start()
    try:
        server.execute("ALTER SYSTEM SET fsync = on")
        server.execute("SELECT pg_reload_conf()")
        yield server.database(empty=True)
    finally:
        server.stop()
