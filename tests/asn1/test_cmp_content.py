"""Contents of CMP bodies."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import InformationValue
from emca_daemon.asn1.cmp_content import (
    certificate_statuses,
    crl_statuses,
    general_message,
    general_reply,
    poll_requests,
    revocation_requests,
    texts,
)
from emca_daemon.asn1.cmp_status import Status, StatusInfo, encode_status
from emca_daemon.asn1.values import Algorithm
from emca_daemon.errors import Reason, Refused
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
READERS = (certificate_statuses, crl_statuses, general_message, poll_requests, revocation_requests)


def test_revocations() -> None:
    """The template, and the extensions of the CRL's entry."""
    reason = der.extension(der.oid("2.5.29.21"), b"\x0a\x01\x01")
    data = der.sequence(der.sequence(Template().encoded(), der.sequence(reason)), der.sequence(Template().encoded()))
    first, second = revocation_requests(data)
    assert first.template.subject == build.name("CN=dev1").public_bytes()
    (found,) = first.entry_extensions
    assert (found.oid, found.critical, found.value) == ("2.5.29.21", False, b"\x0a\x01\x01")
    assert second.entry_extensions == ()


@pytest.mark.parametrize("status", [None, StatusInfo(Status.ACCEPTED), StatusInfo(Status.REJECTION)])
@pytest.mark.parametrize("hashed", [None, Algorithm("1.2.3")])
def test_confirmations(status: StatusInfo | None, hashed: Algorithm | None) -> None:
    """Hash, certReqId, and what may be left out."""
    one = der.sequence(
        der.octet_string(b"hash"),
        der.integer(-1),
        b"" if status is None else encode_status(status),
        b"" if hashed is None else der.explicit(0, hashed.encoded()),
    )
    (found,) = certificate_statuses(der.sequence(one))
    assert (found.hash, found.request_id, found.algorithm, found.failed) == (b"hash", -1, hashed, False)
    assert found.status == (None if status is None else status.status)


def test_polls_and_questions() -> None:
    """Their ids, and pairs of OID and value."""
    assert poll_requests(der.sequence(der.sequence(der.integer(0)), der.sequence(der.integer(-1)))) == (0, -1)
    asked = (InformationValue("1.2.3"), InformationValue("1.2.4", der.NULL))
    assert general_message(general_reply(asked)) == asked
    assert texts(der.sequence(der.tlv(0x0C, b"en")), "languages") == ("en",)


@pytest.mark.parametrize("time", [None, der.time(NOW), der.generalized_time(NOW)])
def test_crl_statuses(time: bytes | None) -> None:
    """The source as it came, and when the client's CRL was made."""
    source = der.explicit(0, der.NULL)
    (found,) = crl_statuses(der.sequence(der.sequence(source, time or b"")))
    assert (found.source, found.this_update) == (source, None if time is None else NOW)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("data", [b"", der.NULL, der.sequence(der.NULL), der.sequence(*[der.sequence()] * 101)])
def test_what_is_broken_is_malformed(reader: object, data: bytes) -> None:
    """Never anything else."""
    with pytest.raises(Refused) as refusal:
        reader(data)  # type: ignore[operator]
    assert refusal.value.reason is Reason.MALFORMED


def test_a_confirmation_names_one_hash() -> None:
    """Two algorithms are malformed."""
    one = der.sequence(der.octet_string(b"h"), der.integer(0), der.explicit(0, der.sequence(der.oid("1.2")) * 2))
    with pytest.raises(Refused):
        certificate_statuses(der.sequence(one))


@given(st.sampled_from(READERS), st.binary(max_size=60))
def test_any_octets_give_values_or_a_refusal(reader: object, data: bytes) -> None:
    """No other exception."""
    for wrapped in (data, der.sequence(data), der.sequence(der.sequence(data))):
        with suppress(Refused):
            reader(wrapped)  # type: ignore[operator]
