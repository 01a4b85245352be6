"""The controls of a full request."""

import pytest

from emca_daemon.asn1 import cmc, der
from emca_daemon.asn1.cmc import Control, PkiData
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.cmc_controls import check_controls, echoed

NONCE = der.octet_string(b"nonce")
TRANSACTION = der.integer(1 << 200)


def controls(*given: tuple[str, tuple[bytes, ...]]) -> PkiData:
    """A message with these controls and no request."""
    return PkiData(tuple(Control(number, *one) for number, one in enumerate(given, 1)), (), b"")


def test_what_is_right_goes_back() -> None:
    """The client's nonce as the recipient's; data as often as it was sent."""
    data = controls(
        (cmc.SENDER_NONCE, (NONCE,)),
        (cmc.TRANSACTION_ID, (TRANSACTION,)),
        (cmc.DATA_RETURN, (NONCE,)),
        (cmc.DATA_RETURN, (NONCE,)),
        (cmc.QUERY_PENDING, (NONCE,)),
    )
    check_controls(data)
    assert echoed(data) == [
        (cmc.TRANSACTION_ID, TRANSACTION),
        (cmc.RECIPIENT_NONCE, NONCE),
        (cmc.DATA_RETURN, NONCE),
        (cmc.DATA_RETURN, NONCE),
    ]


@pytest.mark.parametrize(
    "given",
    [
        ((cmc.SENDER_NONCE, (NONCE,)), (cmc.SENDER_NONCE, (NONCE,))),
        ((cmc.SENDER_NONCE, (NONCE, NONCE)),),
        ((cmc.TRANSACTION_ID, ()),),
        ((cmc.TRANSACTION_ID, (NONCE,)),),
        ((cmc.DATA_RETURN, (TRANSACTION,)),),
    ],
)
def test_what_is_wrong_is_refused_and_stays_out(given: tuple[tuple[str, tuple[bytes, ...]], ...]) -> None:
    """Several where one may be, no value, two, or another kind."""
    with pytest.raises(Refused) as refused:
        check_controls(controls(*given))
    assert refused.value.reason is Reason.MALFORMED
    assert echoed(controls(*given)) == []


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        (cmc.IDENTIFICATION, NONCE),
        (cmc.IDENTITY_PROOF, TRANSACTION),
        (cmc.IDENTITY_PROOF_V2, NONCE),
        (cmc.GET_CERT, NONCE),
        (cmc.GET_CRL, NONCE),
        (cmc.REVOKE_REQUEST, NONCE),
        (cmc.QUERY_PENDING, TRANSACTION),
        ("1.3.6.1.5.5.7.7.28", NONCE),
    ],
)
def test_each_is_read(oid: str, value: bytes) -> None:
    """What cannot be read, or is not understood, is MALFORMED."""
    with pytest.raises(Refused) as refused:
        check_controls(controls((oid, (value,))))
    assert refused.value.reason is Reason.MALFORMED
