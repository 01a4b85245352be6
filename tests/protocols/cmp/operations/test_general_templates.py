"""What a profile wants of requests."""

from dataclasses import replace

from emca_daemon.asn1 import der
from emca_daemon.asn1.crmf import certificate_template
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.names import ProfileName
from emca_daemon.policy.loading import load_profiles
from emca_daemon.policy.profile import Algorithm, Profile
from emca_daemon.protocols.cmp.operations.general_templates import (
    encryption_key_types,
    key_pair_parameters,
    request_template,
    signature_key_types,
)
from tests.support.ca_world import PROFILES


def profile(*algorithms: Algorithm, name: str = "tls-client") -> Profile:
    """A profile for these kinds of keys."""
    found = load_profiles(PROFILES)[0][ProfileName(name)]
    return replace(found, key=replace(found.key, algorithms=algorithms))


def test_a_template_has_no_key() -> None:
    """What is required stands in the subject, empty."""
    template, controls = sequence_parts(request_template(profile("rsa", "p-384")), "template")
    read = certificate_template(encoded(template))
    assert read.public_key is None
    assert read.subject is not None
    assert der.oid("2.5.4.3") in read.subject
    assert len(sequence_parts(encoded(controls), "controls")) == 2


def test_a_common_name_is_asked_for_in_any_case() -> None:
    """And without RSA there is no length of it."""
    value = request_template(profile("ed25519", name="machine"))
    assert value.count(der.oid("2.5.4.3")) == 1
    assert der.oid("1.3.6.1.5.5.7.5.1.12") not in value


def test_kinds_of_keys() -> None:
    """An AlgorithmIdentifier each; those that only sign are not for encryption."""
    ed25519 = der.sequence(der.oid("1.3.101.112"))
    assert signature_key_types(profile("ed25519")) == der.sequence(ed25519)
    assert encryption_key_types(profile("ed25519", "ml-dsa-44")) == der.sequence()
    agreeing, encapsulating = der.sequence(der.oid("1.3.101.110")), der.sequence(der.oid("2.16.840.1.101.3.4.4.2"))
    assert encryption_key_types(profile("x25519", "ed25519", "ml-kem-768")) == der.sequence(agreeing, encapsulating)
    assert signature_key_types(profile("x25519", "ed25519", "ml-kem-768")) == der.sequence(ed25519)
    assert agreeing in request_template(profile("x25519"))
    assert key_pair_parameters(profile("ed25519"), "1.2.840.10045.2.1") is None
