"""Tests of emca_daemon.ca.signer_keys."""

from dataclasses import replace

import pytest

from emca_daemon.ca.signer_keys import asking_with, key_of, usable_key
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.policy.keys import key_fingerprint
from tests.support.ca_world import BY, World
from tests.support.records import intent

NAME = KeyName("memory:signer")


def test_a_key_is_made_once_and_another_once_it_is_blocked() -> None:
    """Each under the next name."""
    world = World()
    first = usable_key(world.keys, world.store, NAME, "p-256")
    assert usable_key(world.keys, world.store, NAME, "p-256") == first
    with world.store.writing() as tx:
        tx.certificates.block_key(key_fingerprint(first[1]), world.clock())
    second = usable_key(world.keys, world.store, NAME, "p-256")
    assert (first[0], second[0]) == (NAME, "memory:signer-2")
    assert usable_key(world.keys, world.store, NAME, "p-256") == second
    assert len(world.keys.keys) == 2


def test_keys_out_of_reach_are_not_made_anew() -> None:
    """The refusal is passed on."""
    world = World()
    world.keys.down = True
    with pytest.raises(Refused) as refused:
        usable_key(world.keys, world.store, NAME, "p-256")
    assert refused.value.reason is Reason.UNAVAILABLE
    assert world.keys.keys == {}


@pytest.mark.parametrize("chosen", [NAME, "memory:signer-2", "memory:signer-10"])
def test_a_record_names_its_key(chosen: KeyName) -> None:
    """By what asked for the certificate."""
    requester = asking_with(BY, NAME, chosen)
    assert key_of(replace(intent(), application=requester.application), NAME) == chosen


def test_other_applications_are_no_keys() -> None:
    """The usual key it is then."""
    assert key_of(replace(intent(), application="signing"), NAME) == NAME
