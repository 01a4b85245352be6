"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.postgres import PostgresServer

settings.register_profile("project", deadline=None)  # a busy machine is not a failure
settings.load_profile("project")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Octets and large numbers are named by their argument: fresh keys must not give a test another name each time."""
    fresh = isinstance(val, bytes) or (isinstance(val, int) and val.bit_length() > 64)
    return argname if fresh else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The one PostgreSQL server of the run; a machine without PostgreSQL fails."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh, migrated database on it."""
    url = postgres_server.database()
    yield url
    postgres_server.give_back(url)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh database without tables."""
    url = postgres_server.database(empty=True)
    yield url
    postgres_server.drop(url)
