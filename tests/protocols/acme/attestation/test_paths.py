"""Paths to the roots that are trusted."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.protocols.acme.attestation.paths import extension_octets, public_key, trusted_leaf
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support.attester import Maker, new_key, raw
from tests.support.records import NOW

MAKER = Maker()


def sent(maker: Maker = MAKER, leaf: bytes | None = None) -> list[bytes]:
    """`x5c` as it is read."""
    return [leaf or maker.leaf(new_key()), maker.authority.public_bytes(Encoding.DER)]


def refusal(chain: list[bytes], *anchors: x509.Certificate) -> str:
    """Why it is refused."""
    with pytest.raises(AcmeRefusal) as refused:
        trusted_leaf(chain, anchors or (MAKER.root,), NOW)
    assert refused.value.problem.type == "badAttestationStatement"
    return refused.value.detail


def test_a_path_to_a_root() -> None:
    """With or without the root in it; to an authority that is trusted itself, too."""
    chain = sent()
    leaf = trusted_leaf(chain, (Maker("Other").root, MAKER.root), NOW)
    assert leaf.public_bytes(Encoding.DER) == chain[0]
    assert trusted_leaf([*chain, MAKER.root.public_bytes(Encoding.DER)], (MAKER.root,), NOW) == leaf
    assert trusted_leaf(chain[:1], (MAKER.authority,), NOW) == leaf


def test_strangers_are_not_trusted() -> None:
    """Another root, also one of the same name; a chain with a gap; a root that is the leaf itself; no roots."""
    impostor = Maker()
    impostor.key = new_key("impostor")
    assert "nobody" in refusal(sent(), Maker("Other").root)
    assert "nobody" in refusal(sent(leaf=impostor.leaf(new_key())))
    assert "nobody" in refusal(sent()[:1])
    assert "nobody" in refusal([MAKER.root.public_bytes(Encoding.DER)])
    with pytest.raises(AcmeRefusal):
        trusted_leaf(sent(), (), NOW)


def test_authorities_have_their_rights() -> None:
    """A device cannot issue for others, nor an authority beneath one that may have none."""
    assert "nobody" in refusal(sent(Maker(is_authority=False)))
    device = x509.load_der_x509_certificate(MAKER.leaf(new_key("a"), subject="Maker authority"))
    assert "nobody" in refusal([MAKER.leaf(new_key()), device.public_bytes(Encoding.DER)])
    limited = Maker(path_length=0)
    below = limited.leaf(
        limited.key, (x509.BasicConstraints(ca=True, path_length=None), True), subject="Maker authority"
    )
    usage = x509.KeyUsage(*[True, *[False] * 8])
    unfit = limited.leaf(
        limited.key, (x509.BasicConstraints(ca=True, path_length=None), True), (usage, True), subject="Maker authority"
    )
    assert "nobody" in refusal([limited.leaf(new_key()), below, sent(limited)[1]])
    assert "nobody" in refusal([limited.leaf(new_key()), unfit, sent(limited)[1]])


def test_time_and_critical_extensions() -> None:
    """Of every certificate of the path."""
    assert "expired" in refusal(sent(leaf=MAKER.leaf(new_key(), lifetime=timedelta(hours=-1))))
    assert "expired" in refusal(sent(Maker(lifetime=timedelta(hours=-1))))
    assert "critical" in refusal(sent(leaf=MAKER.leaf(new_key(), raw("1.2.3", b"\x05\x00", critical=True))))


def test_what_is_no_certificate() -> None:
    """In any place; a key of an unknown kind."""
    good = sent()
    for chain in ([b"", *good], [good[0], b"\x30\x00"]):
        assert "cannot be read" in refusal(chain)
    broken = good[0].replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030177"), 1)
    with pytest.raises(AcmeRefusal):
        public_key(x509.load_der_x509_certificate(broken))


def test_extensions() -> None:
    """By their octets, if the library does not know them."""
    leaf = x509.load_der_x509_certificate(MAKER.leaf(new_key(), raw("1.2.3", b"abc")))
    assert extension_octets(leaf, "1.2.3") == b"abc"
    assert extension_octets(leaf, "1.2.4") is None
    assert extension_octets(MAKER.root, "2.5.29.19") is None
    assert public_key(leaf) == new_key().public_key()
