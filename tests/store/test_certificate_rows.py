"""Rows of certificates: what a record becomes in the database."""

from hashlib import sha256

import pytest
from sqlalchemy import Engine

from emca_daemon.store.certificate_rows import der_values, intent_values, revocation_of
from emca_daemon.store.transactions import SqlStore
from tests.support.records import HELD, ISSUER, NOW, intent, issued


def test_the_text_to_search_in_is_lower_case() -> None:
    """Subject, names and serial, one a line."""
    values = intent_values(intent(serial=0xABC, subject="CN=Ä,O=B", names=("x.example", "Y.example")))
    assert values["searchable"] == "cn=ä,o=b\nx.example\ny.example\n0abc"


def test_the_fingerprint_is_taken_here() -> None:
    """SHA-256 over the certificate."""
    assert der_values(b"der") == {"der": b"der", "fingerprint": sha256(b"der").digest()}


def test_no_moment_is_no_revocation() -> None:
    """And a moment is one, with its reason."""
    assert revocation_of(None, None, None) is None
    assert revocation_of(NOW, 6, None) == HELD


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT created FROM certificates WHERE state = 'intended' AND created < 5", "ix_certificates_open"),
        (
            "SELECT not_after FROM certificates WHERE issuer = '' AND revoked_at IS NOT NULL AND serial > '' LIMIT 9",
            "ix_certificates_revoked",
        ),
        ("SELECT * FROM certificates WHERE key_fingerprint = x'00'", "ix_certificates_key_fingerprint"),
        ("SELECT * FROM certificates WHERE fingerprint = x'00'", "ix_certificates_fingerprint"),
        (
            "SELECT * FROM certificates WHERE issuer = '' AND profile = '' ORDER BY created DESC, serial LIMIT 1",
            "ix_certificates_issuer_profile_created",
        ),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite-memory"], indirect=True)
def test_questions_are_answered_from_an_index(engine: Engine, query: str, index: str) -> None:
    """Also once the table has rows."""
    store = SqlStore(engine)
    for _ in range(20):
        issued(store, intent(issuer=ISSUER))
    with engine.connect() as connection:
        plan = " ".join(str(row.detail) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert index in plan
