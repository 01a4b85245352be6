"""The controls of a full CMC request: which are understood, and which go back to the client (RFC 5272 6)."""

from collections.abc import Callable, Mapping
from typing import Final

from emca_daemon.asn1 import cmc
from emca_daemon.asn1.cmc import Control, PkiData
from emca_daemon.asn1.values import integer
from emca_daemon.errors import Reason, Refused


def _transaction_id(value: bytes) -> int:
    return integer(value, "transactionId")


_READERS: Final[Mapping[str, Callable[[bytes], object]]] = {
    cmc.IDENTIFICATION: cmc.text,
    cmc.IDENTITY_PROOF: cmc.octets,
    cmc.IDENTITY_PROOF_V2: cmc.read_identity_proof,
    cmc.DATA_RETURN: cmc.octets,
    cmc.TRANSACTION_ID: _transaction_id,
    cmc.SENDER_NONCE: cmc.octets,
    cmc.GET_CERT: cmc.read_get_cert,
    cmc.GET_CRL: cmc.read_get_crl,
    cmc.REVOKE_REQUEST: cmc.read_revoke_request,
    cmc.QUERY_PENDING: cmc.octets,
}
_SEVERAL: Final = frozenset({cmc.DATA_RETURN, cmc.GET_CERT, cmc.GET_CRL, cmc.REVOKE_REQUEST, cmc.QUERY_PENDING})
"""Controls of which a message may hold more than one."""

_ECHOED: Final = (
    (cmc.TRANSACTION_ID, cmc.TRANSACTION_ID),
    (cmc.SENDER_NONCE, cmc.RECIPIENT_NONCE),
    (cmc.DATA_RETURN, cmc.DATA_RETURN),
)


def check_controls(data: PkiData) -> None:
    """Read each control, before anything is carried out that one of them asks for.

    One that is not understood, or is not as it must be, fails the whole message (RFC 5272 3.2.1.1): raises
    Refused(MALFORMED).
    """
    for control in data.controls:
        reader = _READERS.get(control.oid)
        if reader is None:
            raise Refused(Reason.MALFORMED, f"the control {control.oid} is not supported")
        reader(control.value)
        if control.oid not in _SEVERAL:
            data.control(control.oid)


def echoed(data: PkiData) -> list[tuple[str, bytes]]:
    """Transaction, nonce and data for the response (RFC 5272 6.4, 6.6), as OIDs and values in DER.

    What is not as it must be stays out: the response says so, and has to be one itself.
    """
    found: list[tuple[str, bytes]] = []
    for asked, answered in _ECHOED:
        values = [control.value for control in data.controls if control.oid == asked and _is_well_formed(control)]
        if len(values) == 1 or asked in _SEVERAL:
            found += [(answered, value) for value in values]
    return found


def _is_well_formed(control: Control) -> bool:
    try:
        _READERS[control.oid](control.value)
    except Refused:
        return False
    return True
