"""Signers of full requests that do not count, and any bytes; operations/test_fullcmc.py has those that do."""

from base64 import b64encode
from collections.abc import Mapping

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cmc import NO_SIGNATURE, PKI_DATA, PkiData, RequestKind, TaggedRequest
from emca_daemon.asn1.cms_algorithms import digest
from emca_daemon.asn1.cms_signatures import sign
from emca_daemon.asn1.cms_signed import SignedData, Signer
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.authentication import Challenge
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.cmc_identity import identify
from emca_daemon.protocols.http import Request
from tests.support import est_world
from tests.support.est_world import PLAIN, EstWorld, request

CONTENT = b"content"
KEY = ec.generate_private_key(ec.SECP256R1())
CSR = request(KEY)
WORLD = EstWorld()


def tagged(*requests: bytes, kind: RequestKind = RequestKind.PKCS10) -> PkiData:
    """A message with these requests."""
    return PkiData((), tuple(TaggedRequest(number, kind, one) for number, one in enumerate(requests, 1)), b"")


def refusal(data: PkiData, *signers: Signer) -> Refused:
    """Why a message by these signers is nobody's."""
    call = Call.of(WORLD.label(est_world.settings(full_cmc=True)), Request("POST", "/", "", (), b"", PLAIN, "r"))
    with pytest.raises(Refused) as refused:
        identify(call, SignedData(PKI_DATA, CONTENT, (), (), signers), data)
    return refused.value


def signer(
    identifier: bytes, *, attributes: Mapping[str, tuple[bytes, ...]] | None = None, none: bool = False
) -> Signer:
    """By the key, over the content alone; or a digest for a signature."""
    if none:
        encoded = b"".join(
            der.sequence(der.oid(oid), der.tlv(0x31, values[0])) for oid, values in (attributes or {}).items()
        )
        covered = CONTENT if attributes is None else der.tlv(0x31, encoded)
        value = digest("sha256", covered)
        algorithm = cms.Algorithm(NO_SIGNATURE)
        return Signer(cms.KeyIdentifier(identifier), "sha256", algorithm, value, attributes, encoded)
    algorithm, value = sign(KEY, "sha256", CONTENT)
    return Signer(cms.KeyIdentifier(identifier), "sha256", algorithm, value, None, b"")


IDENTIFIER = x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()).digest


def test_a_message_has_one_signer() -> None:
    """None, or two, is MALFORMED."""
    both = (signer(IDENTIFIER), signer(IDENTIFIER))
    assert refusal(tagged(CSR)).reason is refusal(tagged(CSR), *both).reason is Reason.MALFORMED


def test_the_new_key_signs_for_itself() -> None:
    """Found by its identifier among several, or being the only one; who asks is then for HTTP to say."""
    other = request(rsa.generate_private_key(65537, 2048))
    for data, identifier in ((tagged(CSR), b"x"), (tagged(other, CSR), IDENTIFIER)):
        assert isinstance(refusal(data, signer(identifier)), Challenge)
    for data in (tagged(other, CSR), tagged(), tagged(b"\x30\x00"), tagged(CSR, kind=RequestKind.OTHER)):
        assert refusal(data, signer(b"x")).reason is Reason.BAD_INTEGRITY


def test_a_digest_covers_the_attributes() -> None:
    """And these the content."""
    right = {cms.MESSAGE_DIGEST: (der.octet_string(digest("sha256", CONTENT)),)}
    wrong = {cms.MESSAGE_DIGEST: (der.octet_string(bytes(32)),)}
    assert isinstance(refusal(tagged(CSR), signer(b"x", attributes=right, none=True)), Challenge)
    assert refusal(tagged(CSR), signer(b"x", attributes=wrong, none=True)).reason is Reason.BAD_INTEGRITY


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["simpleenroll", "simplereenroll", "serverkeygen", "fullcmc"]), st.binary(max_size=120))
def test_any_bytes_are_answered(operation: str, body: bytes) -> None:
    """With a status of the client's fault."""
    WORLD.label(est_world.settings(full_cmc=True))
    for sent in (body, b64encode(body), b64encode(der.sequence(body))):
        assert 400 <= WORLD.enroll(sent, operation).status < 500


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(CSR) - 1), st.integers(1, 255))
def test_a_changed_octet_is_answered(place: int, change: int) -> None:
    """A request in which anything was changed is refused, or still is one."""
    WORLD.label()
    changed = CSR[:place] + bytes((CSR[place] ^ change,)) + CSR[place + 1 :]
    assert WORLD.enroll(b64encode(changed)).status in (200, 400, 403)
