"""What every signer must do, whatever its keys live in; run once for each kind of signer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.ca import signatures
from emca_daemon.ca.ports import Keys
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.signers.algorithms import algorithm_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMES: tuple[padding.AsymmetricPadding, ...] = (
    padding.PKCS1v15(),
    padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
    padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
    padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA256(), b"label"),
)
SUBJECT = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Contract")])


def builder_hash(key: CertificateIssuerPrivateKeyTypes) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """The hash that cryptography's builders are given for this key."""
    return signatures.hash_of(key.public_key())


class SignerContract:
    """A mixin: the class that takes it provides `keys`, `reopen`, `unique`, and an `algorithm` that parametrizes."""

    def test_a_made_key_has_the_algorithm_asked_for(self, keys: Keys, unique: str, algorithm: str) -> None:
        """The public key says so, and so does the list."""
        key = keys.generate(KeyName(unique), algorithm)
        assert algorithm_of(key.public_key()) == algorithm
        assert (KeyName(unique), algorithm) in keys.list()

    def test_signatures_verify(self, keys: Keys, unique: str, algorithm: str) -> None:
        """Signatures of empty, short and long data verify under the public key, with PSS too where that exists."""
        key = keys.generate(KeyName(unique), algorithm)
        for data in (b"", b"data", b"x" * 70_000):
            for pss in (False, algorithm.startswith("rsa-")):
                signature = signatures.sign(key, data, pss)
                signatures.verify(key.public_key(), signature, data, pss)

    def test_a_key_is_found_again(self, keys: Keys, reopen: Callable[[], Keys], unique: str, algorithm: str) -> None:
        """By the signer that made it, and by one that is opened afterwards."""
        made = keys.generate(KeyName(unique), algorithm).public_key()
        assert keys.get(KeyName(unique)).public_key() == made
        again = reopen()
        found = again.get(KeyName(unique))
        assert found.public_key() == made
        signatures.verify(made, signatures.sign(found, b"data"), b"data")
        assert (KeyName(unique), algorithm) in again.list()

    def test_another_process_s_key_is_found(self, keys: Keys, reopen: Callable[[], Keys], unique: str) -> None:
        """A signer that was open before the key was made finds it."""
        other = reopen()
        other.list()
        made = keys.generate(KeyName(unique), "p-256")
        assert other.get(KeyName(unique)).public_key() == made.public_key()

    def test_a_key_made_for_it_decrypts(self, keys: Keys, reopen: Callable[[], Keys], unique: str) -> None:
        """With either padding, whatever the hash and the label of OAEP; and it goes on signing."""
        made = keys.generate(KeyName(unique), "rsa-2048", decrypts=True)
        for key in (made, reopen().get(KeyName(unique))):
            assert isinstance(key, rsa.RSAPrivateKey)
            signatures.verify(key.public_key(), signatures.sign(key, b"data"), b"data")
            for scheme in SCHEMES:
                for message in (b"", b"m" * 16, b"\x00" * 32):
                    assert key.decrypt(key.public_key().encrypt(message, scheme), scheme) == message

    @pytest.mark.parametrize("wrong", [b"", b"short", bytes(256), b"\x01" * 256, b"\xff" * 256, bytes(257)])
    def test_what_does_not_open_gives_nothing_away(self, keys: Keys, unique: str, wrong: bytes) -> None:
        """It is a ValueError, or a message that nobody has sent (implicit rejection)."""
        key = keys.generate(KeyName(unique), "rsa-2048", decrypts=True)
        assert isinstance(key, rsa.RSAPrivateKey)
        for scheme in SCHEMES:
            with suppress(ValueError):
                assert key.decrypt(wrong, scheme) != b"m" * 16

    @pytest.mark.parametrize("kind", ["p-256", "ed25519", "ml-dsa-44"])
    def test_only_rsa_keys_decrypt(self, keys: Keys, unique: str, kind: str) -> None:
        """Others are not made for it."""
        with pytest.raises(Refused) as refusal:
            keys.generate(KeyName(unique), kind, decrypts=True)
        assert refusal.value.reason is Reason.ALGORITHM_REFUSED
        with pytest.raises(Refused):
            keys.get(KeyName(unique))

    def test_certificates_requests_and_crls_are_built(self, keys: Keys, unique: str, algorithm: str) -> None:
        """The builders of cryptography sign with the key as with any of their own."""
        key = keys.generate(KeyName(unique), algorithm)
        digest = builder_hash(key)
        certificate = (
            x509.CertificateBuilder(SUBJECT, SUBJECT, key.public_key(), 1, NOW, NOW + timedelta(days=1))
        ).sign(key, digest)
        certificate.verify_directly_issued_by(certificate)
        assert x509.CertificateSigningRequestBuilder(SUBJECT).sign(key, digest).is_signature_valid
        crl = x509.CertificateRevocationListBuilder(SUBJECT, NOW, NOW + timedelta(days=1)).sign(key, digest)
        assert crl.is_signature_valid(key.public_key())

    def test_a_key_that_is_not_there_is_not_found(self, keys: Keys, unique: str) -> None:
        """Whatever the name looks like."""
        for name in (unique, unique + "/../x", unique.partition(":")[0], "nobody:here"):
            with pytest.raises(Refused) as refusal:
                keys.get(KeyName(name))
            assert refusal.value.reason is Reason.NOT_FOUND

    def test_a_name_is_taken_once(self, keys: Keys, reopen: Callable[[], Keys], unique: str) -> None:
        """A second key of that name is refused, by another signer on the same keys too, and the first one stays."""
        made = keys.generate(KeyName(unique), "p-256")
        for signer in (keys, reopen()):
            with pytest.raises(Refused) as refusal:
                signer.generate(KeyName(unique), "p-256")
            assert refusal.value.reason is Reason.WRONG_STATE
        assert keys.get(KeyName(unique)).public_key() == made.public_key()

    @pytest.mark.parametrize("algorithm_name", ["", "rsa-1024", "rsa-2049", "rsa-x", "dsa", "p-192", "P-256"])
    def test_unknown_algorithms_are_refused(self, keys: Keys, unique: str, algorithm_name: str) -> None:
        """And no key comes of it."""
        with pytest.raises(Refused) as refusal:
            keys.generate(KeyName(unique), algorithm_name)
        assert refusal.value.reason is Reason.ALGORITHM_REFUSED
        with pytest.raises(Refused):
            keys.get(KeyName(unique))

    @pytest.mark.parametrize("label", ["../x", "a/b", ".hidden", "a b", "ä", "x" * 101, "-n", "a\x00b", "a\n"])
    def test_labels_with_tricks_are_refused(self, keys: Keys, unique: str, label: str) -> None:
        """New keys have labels that mean the same everywhere."""
        with pytest.raises(Refused) as refusal:
            keys.generate(KeyName(f"{unique.partition(':')[0]}:{label}"), "p-256")
        assert refusal.value.reason is Reason.MALFORMED

    def test_many_threads_sign_at_once(self, keys: Keys, unique: str, algorithm: str) -> None:
        """Eight threads, hundreds of signatures (fewer where they are slow), every one of them good."""
        key = keys.generate(KeyName(unique), algorithm)
        count = 400 if algorithm in ("p-256", "ed25519") else 64

        def one(number: int) -> None:
            data = number.to_bytes(4, "big")
            signatures.verify(key.public_key(), signatures.sign(key, data), data)

        with ThreadPoolExecutor(8) as pool:
            assert len(list(pool.map(one, range(count)))) == count

    def test_many_threads_make_keys_at_once(self, keys: Keys, unique: str) -> None:
        """Of several that want one name exactly one gets it."""

        def one(_number: int) -> Reason | None:
            try:
                keys.generate(KeyName(unique), "p-256")
            except Refused as refused:
                return refused.reason
            return None

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(one, range(4)))
        assert sorted(answers, key=str) == [None, *[Reason.WRONG_STATE] * 3]
