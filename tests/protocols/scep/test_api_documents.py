"""Tests of emca_daemon.protocols.scep.api_documents."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, SubjectAttribute
from emca_daemon.protocols.scep.api_documents import read_challenge, read_device, read_device_terms
from emca_daemon.protocols.scep.terms import Terms

DEVICE = {"manufacturer": "ACME", "model": "Printer", "device_id": "SN-1"}


def test_a_device_comes_with_the_terms_of_its_challenge() -> None:
    """Or with those of the endpoint."""
    assert read_device(DEVICE) == ("ACME", "Printer", "SN-1", Terms())
    more = {"expires_in": "30d", "uses": 2, "names": ["dns:a.example"], "note": "hall"}
    names = frozenset({AlternativeName(NameType.DNS, "a.example")})
    wanted = Terms(lifetime=timedelta(days=30), uses=2, names=names, note="hall")
    assert read_device({**DEVICE, **more}) == ("ACME", "Printer", "SN-1", wanted)
    assert read_device_terms(more) == wanted


def test_a_challenge_may_be_bound_to_a_subject() -> None:
    """Null is as good as nothing."""
    assert read_challenge({"subject": "CN=x", "names": None, "note": None}) == Terms(
        subject=(SubjectAttribute("2.5.4.3", "x"),)
    )


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**DEVICE, "model": None},
        {**DEVICE, "model": 3},
        {**DEVICE, "serial": "x"},
        {**DEVICE, "subject": "CN=x"},
        {**DEVICE, "uses": "1"},
        {**DEVICE, "uses": True},
        {**DEVICE, "uses": 1.5},
        {**DEVICE, "names": "dns:a.example"},
        {**DEVICE, "names": [1]},
        {**DEVICE, "names": ["x"]},
        {**DEVICE, "expires_in": 30},
        {**DEVICE, "expires_in": "soon"},
        {**DEVICE, "note": []},
    ],
)
def test_what_is_no_device_is_refused(document: Mapping[str, object]) -> None:
    """With what was expected."""
    with pytest.raises(Refused) as caught:
        read_device(document)
    assert caught.value.reason is Reason.MALFORMED
