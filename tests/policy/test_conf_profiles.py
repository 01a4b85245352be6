"""What the profiles in conf/profiles/ issue passes their own linters, with every kind of key that they allow."""

from dataclasses import replace
from functools import cache
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes, CertificatePublicKeyTypes

from emca_daemon.ca.building import Specimens, build, unpredictable_serial
from emca_daemon.names import AlternativeName, IssuerName, NameType, ProfileName, Subject
from emca_daemon.policy.decision import decide
from emca_daemon.policy.facts import IssuerFacts, RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.policy.lint import Linter
from emca_daemon.policy.loading import load_profiles
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.tokens import Approved, CertificateKind
from emca_daemon.policy.usages import key_usage
from emca_daemon.randomness import system_random
from tests.support.policy_world import NOW, PROFILES, WHO, ca_certificate, dns, private_key, subject

WEB = (*dns("www.example.com", "*.example.com"), AlternativeName(NameType.IP, "8.8.8.8"))
LOCAL = (*dns("localhost"), AlternativeName(NameType.IP, "127.0.0.1"), AlternativeName(NameType.IP, "::1"))
PERSON = (AlternativeName(NameType.EMAIL, "a@example.com"), AlternativeName(NameType.UPN, "a@example.com"))
NAMED = subject(C="DE", O="Example", CN="Some Name")
KINDS = ("p-256", "p-384", "rsa", "ed25519", "ml-dsa-65", "x25519", "x448", "ml-kem-768", "ml-kem-1024")
ASKED: dict[str, tuple[Subject, tuple[AlternativeName, ...]]] = {
    "root-ca": (NAMED, ()),
    "policy-ca": (NAMED, ()),
    "issuing-ca": (NAMED, ()),
    "scep-ca": (NAMED, ()),
    "ocsp-signer": (NAMED, ()),
    "tsa": (NAMED, ()),
    "tls-client": (NAMED, PERSON),
    "smime": ((), PERSON[:1]),
    "machine": (NAMED, (WEB[0], WEB[2])),
    "device": (NAMED, (WEB[0], WEB[2])),
    "device-manual": (NAMED, (WEB[0], WEB[2])),
    "cmc-responder": (NAMED, ()),
    "cmp-responder": (NAMED, ()),
    "cmp-key-generation": (NAMED, ()),
    "encryption": (NAMED, (WEB[0], WEB[2], *PERSON[:1])),
    "scep-ra": (NAMED, ()),
    "scep-ra-signing": (NAMED, ()),
    "scep-ra-encryption": (NAMED, ()),
    "registration-authority": (NAMED, ()),
    "tls-server": ((), WEB),
    "tls-server-public": ((), WEB),
    "tls-server-internal": ((), LOCAL),
}


@cache
def linter() -> Linter:
    """One linter for all."""
    return Linter()


@cache
def key(kind: str) -> CertificatePublicKeyTypes:
    """A public key of a kind that profiles may allow."""
    match kind:
        case "rsa":
            return rsa.generate_private_key(65537, 2048).public_key()
        case "p-384":
            return ec.generate_private_key(ec.SECP384R1()).public_key()
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate().public_key()
        case "ml-dsa-65":
            return mldsa.MLDSA65PrivateKey.generate().public_key()
        case "x25519":
            return x25519.X25519PrivateKey.generate().public_key()
        case "x448":
            return x448.X448PrivateKey.generate().public_key()
        case "ml-kem-768":
            return mlkem.MLKEM768PrivateKey.generate().public_key()
        case "ml-kem-1024":
            return mlkem.MLKEM1024PrivateKey.generate().public_key()
    return private_key().public_key()


@cache
def above() -> IssuerFacts:
    """An issuer that may have CAs beneath it."""
    usage = key_usage(("key-cert-sign", "crl-sign"), "ec")
    assert usage is not None
    identifier = x509.SubjectKeyIdentifier.from_public_key(private_key(99).public_key())
    certificate = ca_certificate(identifier, usage)
    return IssuerFacts(
        IssuerName("ca"),
        certificate,
        ocsp_urls=("http://ca.example.com/ocsp",),
        issuer_urls=("http://ca.example.com/ca.cer",),
        crl_urls=("http://ca.example.com/ca.crl",),
    )


def passes(profile: Profile, kind: str) -> None:
    """Decide, build and lint a certificate of the profile."""
    asked, names = ASKED[profile.name]
    public_key = key(kind)
    protocols = profile.requesters.protocols
    requester = replace(WHO, protocol=protocols[0] if protocols else "cli")
    request = RequestFacts(requester, asked, names, key_facts(public_key))
    issuer = None if profile.kind is CertificateKind.ROOT else above()
    approval = decide(request, profile, issuer, NOW, approver="somebody")
    assert isinstance(approval, Approved)
    to_be_signed = build(
        approval,
        issuer=IssuerName("ca"),
        issuer_subject=issuer.certificate.subject if issuer else approval.subject,
        issuer_key=private_key(99).public_key() if issuer else cast(CertificateIssuerPublicKeyTypes, public_key),
        pss=False,
        serial=unpredictable_serial(system_random),
        specimens=Specimens(),
    )
    linter().pass_(to_be_signed)


@pytest.mark.parametrize("name", ASKED)
def test_what_a_profile_issues_passes_its_linters(name: str) -> None:
    """For each kind of key that it allows (of those that sign, one of each family)."""
    profile = load_profiles(PROFILES)[0][ProfileName(name)]
    kinds = [kind for kind in KINDS if kind in profile.key.algorithms]
    assert kinds
    for kind in kinds:
        passes(profile, kind)


def test_every_profile_is_tried() -> None:
    """A new file needs a line here."""
    assert set(load_profiles(PROFILES)[0]) == set(ASKED)
