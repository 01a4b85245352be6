"""Tests of emca_daemon.protocols.scep.challenges."""

from typing import get_args

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Proof
from emca_daemon.protocols.scep.challenges import Attempt, NoChallenge, StaticChallenge
from emca_daemon.protocols.scep.intune import Intune
from emca_daemon.protocols.scep.made_challenges import DeviceChallenges, OneTimeChallenges
from emca_daemon.protocols.scep.webhook import Webhook
from tests.support.ca_world import server_request


def attempt(password: bytes | None) -> Attempt:
    """One request with that password."""
    return Attempt("site", b"1", password, server_request("a.example"), b"csr")


def test_a_static_secret_lets_in_whoever_knows_it() -> None:
    """Exactly it, as often as they like."""
    challenge = StaticChallenge(b"secret")
    assert challenge.check(attempt(b"secret")).proof == challenge.check(attempt(b"secret")).proof == "challenge"
    assert not challenge.check(attempt(b"secret")).needs_person
    assert challenge.passwords() == (b"secret",)
    for wrong in (None, b"", b"Secret", b"secret ", b"secre"):
        with pytest.raises(Refused) as caught:
            challenge.check(attempt(wrong))
        assert caught.value.reason is Reason.NOT_AUTHENTICATED


def test_an_empty_secret_is_none() -> None:
    """Nobody would have to know it."""
    with pytest.raises(ValueError, match="empty"):
        StaticChallenge(b"")


def test_without_a_challenge_a_person_looks() -> None:
    """At every request, whatever its password."""
    assert NoChallenge().check(attempt(b"x")).needs_person
    assert NoChallenge().passwords() == ()


def test_secrets_are_in_no_representation() -> None:
    """Neither the password nor the request that holds it."""
    assert "secret" not in repr(attempt(b"secret"))


def test_nobody_else_is_told() -> None:
    """These policies have nobody to tell."""
    for policy in (NoChallenge(), StaticChallenge(b"x")):
        policy.succeeded(attempt(None), b"certificate")
        policy.failed(attempt(None), "why")


def test_profiles_can_ask_for_every_proof() -> None:
    """Of each policy."""
    shown = [one.check(attempt(b"x")).proof for one in (NoChallenge(), StaticChallenge(b"x"))]
    shown += [kind.proof for kind in (OneTimeChallenges, DeviceChallenges, Webhook, Intune)]
    assert set(shown) <= set(get_args(Proof))
