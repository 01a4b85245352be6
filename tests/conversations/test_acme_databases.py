"""ACME over databases that several threads share: many orders at once, none stuck, none lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from tests.support.acme_client import AcmeClient
from tests.support.acme_world import AcmeWorld

THREADS, ORDERS = 6, 2


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AcmeWorld]:
    """A world over each kind of database."""
    url = f"sqlite:///{tmp_path / 'acme.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
    settings = StoreSettings(url=url, pool_size=THREADS)
    monkeypatch.setattr("tests.support.ca_world.open_engine", lambda _: open_engine(settings))
    world = AcmeWorld()
    yield world
    world.store.close()


def test_many_clients_at_once(world: AcmeWorld) -> None:
    """Each gets its certificates, each name validated once, every nonce spent once."""

    def work(number: int) -> list[int]:
        client: AcmeClient = world.account()
        names = [f"c{number}-{count}.example.com" for count in range(ORDERS)]
        return [world.issue(client, name).serial_number for name in names]

    with ThreadPoolExecutor(THREADS) as pool:
        serials = [serial for found in pool.map(work, range(THREADS)) for serial in found]
    assert len(set(serials)) == THREADS * ORDERS
    actions = world.actions()
    assert actions.count(("authorization.validate", "success")) == THREADS * ORDERS
    assert ("authorization.validate", "failed") not in actions


def test_one_client_from_many_threads(world: AcmeWorld) -> None:
    """The same account, the same name, at the same time: two orders, two certificates, no surprise."""
    first = world.account()

    def work(_: int) -> int:
        client = world.client(first.key)
        client.kid = first.kid
        return world.issue(client, "same.example.com").serial_number

    with ThreadPoolExecutor(THREADS) as pool:
        assert len(set(pool.map(work, range(THREADS)))) == THREADS
