"""What a full ACME order costs when many are stored already: it should not matter how many."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.acme_orders import load, measured
from bench.site import Site
from bench.tables import Table

STORED = (1_000, 100_000, 1_000_000)
"""Orders in the database beforehand."""

CONNECTIONS, ORDERS = 8, 300
ACCOUNTS = 1_000
"""Whom the stored orders belong to; indexes see them in no order."""

_ID = "lower(hex(randomblob(10)))"
_LIKE_ONE: Mapping[str, Mapping[str, str]] = {
    "acme_orders": {"id": "o", "account_id": "account", "serial": "taken", "csr_hash": "randomblob(32)"},
    "acme_order_authorizations": {"order_id": "o", "authorization_id": "a"},
    "acme_authorizations": {"id": "a", "account_id": "account", "value": "'n' || n || '.example.com'"},
    "acme_challenges": {"id": "c", "authorization_id": "a", "token": "c"},
    "certificates": {
        "serial": "taken",
        "requester": "account",
        "created": "t.created - n",
        "not_after": "t.not_after - n",
        "key_fingerprint": "randomblob(32)",
        "tbs_hash": "randomblob(32)",
        "fingerprint": "randomblob(32)",
    },
}
"""Every table that grows with orders, and what differs from the one row that is there."""


def measure() -> Table:
    """The same load on databases of different sizes."""
    columns = ("stored orders", "database MB", "errors", "orders/s", "server CPU ms/order", "memory MB")
    table = Table("A full ACME order among many", columns)
    for stored in STORED:
        with TemporaryDirectory(prefix="emca-bench-") as folder:
            site = Site(Path(folder), validating=False)
            with site.daemon:
                site.daemon.serve()
                load(site.daemon.directory, site.daemon.ca_bundle, 1, 1)
                site.daemon.stop()
                file = site.daemon.home / "emca.db"
                _fill(file, stored)
                site.daemon.serve()
                load(site.daemon.directory, site.daemon.ca_bundle, 1, 50)
                figures = measured(site.pid, site.daemon.directory, site.daemon.ca_bundle, CONNECTIONS, ORDERS)
                table.add(stored, file.stat().st_size / 1e6, *figures)
                site.daemon.stop()
    table.notes.append(
        f"SQLite, validation off, {CONNECTIONS} connections; the stored orders are finished ones of {ACCOUNTS:,} "
        "accounts, each with an authorization, a challenge and a certificate."
    )
    return table


def _fill(file: Path, stored: int) -> None:
    """Copy the one order that there is, in SQL, with new ids; none of it is measured."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        database.execute(
            f"""CREATE TEMP TABLE added AS
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {stored})
            SELECT n, {_ID} AS o, {_ID} AS a, {_ID} AS c, 'account' || (n * 7919 % {ACCOUNTS}) AS account,
            '00' || lower(hex(randomblob(19))) AS taken FROM numbers"""
        )
        for name, changed in _LIKE_ONE.items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
            values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
            newest = "ORDER BY created DESC" if name == "certificates" else ""
            one = f"(SELECT * FROM {name} {newest} LIMIT 1)"
            database.execute(f"INSERT INTO {name} SELECT {values} FROM added, {one} AS t")
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("ANALYZE")
