"""CsrAttrs and the RFC 9908 template, read again by an independent definition."""

from dataclasses import replace

import pytest
from pyasn1.codec.der.decoder import decode
from pyasn1_alt_modules import rfc9908

from emca_daemon.asn1 import der
from emca_daemon.policy.profile import KeyRules, Profile
from emca_daemon.protocols.est.attributes import REQUEST_TEMPLATE, csr_attributes, request_template
from tests.support.ca_world import World
from tests.support.est_world import settings

PROFILES = World().profiles


def profile(name: str, **changes: object) -> Profile:
    """A shipped profile with changes."""
    return replace(next(value for key, value in PROFILES.items() if key == name), **changes)  # type: ignore[arg-type]


def test_nothing_is_nothing() -> None:
    """None, which becomes 204."""
    assert csr_attributes(settings(), profile("device")) is None


def test_oids_and_a_required_binding_are_listed() -> None:
    """ChallengePassword once."""
    challenge = "1.2.840.113549.1.9.7"
    told = csr_attributes(settings(csr_attributes=("1.3.132.0.34",), proof_of_possession="required"), profile("device"))
    assert told == der.sequence(der.oid("1.3.132.0.34"), der.oid(challenge))
    again = csr_attributes(settings(csr_attributes=(challenge,), proof_of_possession="required"), profile("device"))
    assert again == der.sequence(der.oid(challenge))


def test_the_template_is_one_of_rfc_9908() -> None:
    """As an attribute of its own after the OIDs, which older clients read."""
    told = csr_attributes(settings(csr_attributes=("1.2.3",), csr_template=True), profile("device"))
    template = request_template(profile("device"))
    attribute = der.sequence(der.oid(REQUEST_TEMPLATE), der.tlv(0x31, template))
    assert told == der.sequence(der.oid("1.2.3"), attribute)


@pytest.mark.parametrize(
    "algorithm", ["rsa", "p-256", "p-384", "p-521", "ed25519", "ed448", "ml-dsa-65", "x448", "ml-kem-768"]
)
def test_the_template_says_what_the_profile_wants(algorithm: str) -> None:
    """Required attributes without values, one kind of key, alternative names."""
    wanted = profile("tls-server", key=KeyRules(algorithms=(algorithm,)))  # type: ignore[arg-type]
    read, rest = decode(request_template(wanted), asn1Spec=rfc9908.CertificationRequestInfoTemplate())
    assert not rest
    assert int(read["version"]) == 0
    assert str(read["subject"][0][0][0]["type"]) == "2.5.4.3"
    assert not read["subject"][0][0][0]["value"].isValue
    assert read["subjectPKInfo"]["algorithm"]["algorithm"].isValue
    extensions, _ = decode(bytes(read["attributes"][0]["values"][0]), asn1Spec=rfc9908.ExtensionReqTemplate())
    assert str(extensions[0]["extnID"]) == "2.5.29.17"
    assert not extensions[0]["extnValue"].isValue


def test_fixed_attributes_have_their_values() -> None:
    """And optional ones are left to the client."""
    device = profile("device")
    rules = tuple(
        replace(rule, use="fixed", value="DE" if str(rule.type) == "countryName" else "x")
        for rule in device.subject.attributes[1:4]  # behind the domain components
    )
    wanted = replace(device, subject=replace(device.subject, attributes=rules))
    read, _ = decode(request_template(wanted), asn1Spec=rfc9908.CertificationRequestInfoTemplate())
    values = [bytes(rdn[0]["value"]) for rdn in read["subject"][0]]
    assert values == [b"\x13\x02DE", b"\x0c\x01x", b"\x0c\x01x"]
    assert not read["subjectPKInfo"].isValue
    assert len(read["attributes"]) == 0
