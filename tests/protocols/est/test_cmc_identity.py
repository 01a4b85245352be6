"""Signers of full requests that do not count; operations/test_fullcmc.py has those that do."""

import pytest

from emca_daemon.asn1.cmc import PkiData
from emca_daemon.asn1.cms_signed import SignedData
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.cmc_identity import identify
from emca_daemon.protocols.http import Request
from tests.support.est_world import PLAIN, EstWorld, settings


def test_a_message_has_one_signer() -> None:
    """None is MALFORMED."""
    world = EstWorld()
    call = Call.of(world.label(settings(full_cmc=True)), Request("POST", "/", "", (), b"", PLAIN, "r"))
    with pytest.raises(Refused) as refused:
        identify(call, SignedData("1.2.3", b"", (), (), ()), PkiData((), (), b""))
    assert refused.value.reason is Reason.MALFORMED
