"""PKIStatusInfo and what says how something ended, compared with another library."""

import pytest
from pyasn1.codec.der.decoder import decode
from pyasn1_alt_modules import rfc9810

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp_status import (
    FailInfo,
    Status,
    StatusInfo,
    certificate_reply,
    decode_status,
    encode_status,
    error_content,
    poll_reply,
    revocation_reply,
)
from emca_daemon.errors import Refused


@pytest.mark.parametrize("failure", [None, *FailInfo])
@pytest.mark.parametrize("text", ["", "why"])
def test_a_status_comes_and_goes(failure: FailInfo | None, text: str) -> None:
    """One bit for each failure, and none behind it (DER)."""
    data = encode_status(StatusInfo(Status.REJECTION, text, failure))
    assert decode_status(data) == (2, failure is not None)
    theirs = decode(data, asn1Spec=rfc9810.PKIStatusInfo())[0]
    bits = [place for place, bit in enumerate(theirs["failInfo"]) if bit] if theirs["failInfo"].isValue else []
    assert bits == ([] if failure is None else [failure.value])
    assert len(theirs["failInfo"]) == (0 if failure is None else failure + 1) if failure is not None else True


def test_long_texts_are_cut() -> None:
    """At 500 characters."""
    assert len(encode_status(StatusInfo(Status.REJECTION, "x" * 5000))) < 600


def test_what_is_no_status() -> None:
    """Is malformed."""
    with pytest.raises(Refused):
        decode_status(der.NULL)


def test_contents() -> None:
    """Each is read by another library as what it is."""
    info = StatusInfo(Status.ACCEPTED)
    assert decode(error_content(info), asn1Spec=rfc9810.ErrorMsgContent())[0]["pKIStatusInfo"]["status"] == 0
    assert len(decode(revocation_reply(info), asn1Spec=rfc9810.RevRepContent())[0]["status"]) == 1
    polled = decode(poll_reply(-1, 7), asn1Spec=rfc9810.PollRepContent())[0][0]
    assert (int(polled["certReqId"]), int(polled["checkAfter"])) == (-1, 7)
    reply = decode(certificate_reply(0, info), asn1Spec=rfc9810.CertRepMessage())[0]
    assert not reply["caPubs"].isValue
    assert not reply["response"][0]["certifiedKeyPair"].isValue
