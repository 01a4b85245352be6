"""A label's issuer."""

from dataclasses import replace

import pytest

from emca_daemon.errors import Reason, Refused
from tests.support.ca_world import ISSUING
from tests.support.est_world import DEVICE, EstWorld, settings


def test_the_issuer_is_the_labels_or_the_profiles() -> None:
    """Where neither names one, there is nobody to issue."""
    world = EstWorld()
    assert world.label().authority.name == ISSUING
    label = world.label(replace(settings(), issuer=None))
    with pytest.raises(Refused) as refused:
        assert label.authority
    assert refused.value.reason is Reason.PROFILE_REFUSED
    world.profiles[DEVICE] = replace(world.profiles[DEVICE], issuer=ISSUING)
    assert label.authority.name == ISSUING
