"""Shared secrets and proofs of them."""

import hashlib
import hmac

import pytest

from emca_daemon.asn1 import cmc, der
from emca_daemon.asn1.cmc import Control, PkiData
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.shared_secrets import SharedSecret, proved_user, read_shared_secrets
from emca_daemon.protocols.http_users import HttpUser

SEQUENCE = der.sequence(der.integer(1))
SECRETS = {"bob": SharedSecret(b"secret", frozenset({"ra"}))}


def message(*controls: tuple[str, bytes]) -> PkiData:
    """A message with these controls."""
    read = tuple(Control(number, oid, (value,)) for number, (oid, value) in enumerate(controls, 1))
    return PkiData(read, (), SEQUENCE)


NAME = (cmc.IDENTIFICATION, der.tlv(0x0C, b"bob"))


def test_a_file_of_secrets() -> None:
    """NAME SECRET [GROUP ...]; the secret is not in the text of what was read."""
    read = read_shared_secrets("# none\nbob secret ra # comment\n\neve other\n")
    assert read == {"bob": SECRETS["bob"], "eve": SharedSecret(b"other")}
    assert "secret'" not in repr(read["bob"])
    for text in ("bob", "bob a\nbob b"):
        with pytest.raises(Refused):
            read_shared_secrets(text)


def test_the_old_proof_is_hmac_sha_1() -> None:
    """RFC 5272 6.2.2."""
    witness = hmac.digest(hashlib.sha1(b"secret", usedforsecurity=False).digest(), SEQUENCE, "sha1")
    proof = (cmc.IDENTITY_PROOF, der.octet_string(witness))
    assert proved_user(message(NAME, proof), SECRETS, b"decoy") == HttpUser("bob", "secret", frozenset({"ra"}))
    assert proved_user(message(NAME), SECRETS, b"decoy") is None


@pytest.mark.parametrize(
    ("digest", "mac", "name"),
    [
        ("1.3.14.3.2.26", "1.2.840.113549.2.7", "sha1"),
        ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.2.9", "sha256"),
        ("2.16.840.1.101.3.4.2.3", "1.2.840.113549.2.11", "sha512"),
    ],
)
def test_the_new_proof_names_its_algorithms(digest: str, mac: str, name: str) -> None:
    """RFC 5272 6.2.1; it is what counts beside an old one."""
    key = hashlib.new(name, b"secret", usedforsecurity=False).digest()
    witness = der.octet_string(hmac.digest(key, SEQUENCE, name))
    proof = (cmc.IDENTITY_PROOF_V2, der.sequence(der.sequence(der.oid(digest)), der.sequence(der.oid(mac)), witness))
    old = (cmc.IDENTITY_PROOF, der.octet_string(bytes(20)))
    assert proved_user(message(NAME, proof, old), SECRETS, b"decoy") == HttpUser("bob", "secret", frozenset({"ra"}))


@pytest.mark.parametrize(
    ("controls", "reason"),
    [
        ((NAME, (cmc.IDENTITY_PROOF, der.octet_string(bytes(20)))), Reason.NOT_AUTHENTICATED),
        (((cmc.IDENTITY_PROOF, der.octet_string(bytes(20))),), Reason.NOT_AUTHENTICATED),
        (
            (
                NAME,
                (
                    cmc.IDENTITY_PROOF_V2,
                    der.sequence(der.sequence(der.oid("1.2.3")), der.sequence(der.oid("1.2.3")), der.octet_string(b"")),
                ),
            ),
            Reason.ALGORITHM_REFUSED,
        ),
    ],
)
def test_other_proofs_are_refused(controls: tuple[tuple[str, bytes], ...], reason: Reason) -> None:
    """Wrong, of nobody, or by unknown algorithms."""
    with pytest.raises(Refused) as refused:
        proved_user(message(*controls), SECRETS, b"decoy")
    assert refused.value.reason is reason


def test_what_the_decoy_proves_is_nobody() -> None:
    """Even if somebody guessed it."""
    witness = hmac.digest(hashlib.sha1(b"decoy", usedforsecurity=False).digest(), SEQUENCE, "sha1")
    with pytest.raises(Refused):
        proved_user(message((cmc.IDENTITY_PROOF, der.octet_string(witness))), SECRETS, b"decoy")
