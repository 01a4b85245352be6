"""Tests of emca_daemon.store.scep_challenge_tables."""

from emca_daemon.store.scep_challenge_tables import scep_challenge_uses, scep_challenges


def test_no_column_holds_a_secret() -> None:
    """Only the hash of one; and a request uses a challenge once, by the key."""
    assert "digest" in scep_challenges.c
    assert not {"secret", "password", "challenge"} & set(scep_challenges.c.keys())
    assert [column.name for column in scep_challenge_uses.primary_key] == ["challenge", "transaction"]
