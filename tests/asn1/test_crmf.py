"""CRMF: requests into values, templates back into DER."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.asn1.crmf import (
    CertificateTemplate,
    ProofMethod,
    TemplateExtension,
    as_certification_request,
    certificate_id,
    certificate_requests,
    certificate_template,
    encode_template,
)
from emca_daemon.errors import Reason, Refused
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template

KEY = ec.generate_private_key(ec.SECP256R1())
MOMENT = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_a_request_with_everything() -> None:
    """Subject, key, validity, extensions, proof, controls."""
    validity = der.explicit(0, der.time(MOMENT)) + der.explicit(1, der.generalized_time(MOMENT))
    template = Template("CN=a", KEY, (build.san("a.example"),), b"\x80\x01\x02\x81\x01\x07", validity)
    issuer = der.explicit(4, build.name("CN=CA").public_bytes())
    control = der.sequence(der.oid("1.3.6.1.5.5.7.5.1.5"), der.sequence(issuer, der.integer(9)))
    other = der.sequence(der.oid("1.3.6.1.5.5.7.5.1.1"), der.tlv(0x0C, b"token"))
    whole = build.request(template, request_id=3, controls=other + control)
    (found,) = certificate_requests(der.sequence(whole))
    assert found.id == 3
    assert (found.template.version, found.template.serial) == (2, 7)
    assert found.template.subject == build.name("CN=a").public_bytes()
    assert found.template.public_key == build.spki(KEY)
    assert found.template.not_before == found.template.not_after == MOMENT
    assert [one.oid for one in found.template.extensions] == ["2.5.29.17"]
    assert found.proof is not None
    assert found.proof.method is ProofMethod.SIGNATURE
    assert found.encoded in whole
    old = found.old_certificate()
    assert old is not None
    assert (old.issuer, old.serial) == (issuer, 9)


def test_a_request_with_nothing() -> None:
    """An empty template, no proof, no controls."""
    (found,) = certificate_requests(der.sequence(build.request(Template(None, None), proof=b"")))
    assert found.template == CertificateTemplate()
    assert found.proof is None
    assert found.old_certificate() is None


@pytest.mark.parametrize(
    ("proof", "method"),
    [
        (b"\x80\x00", ProofMethod.RA_VERIFIED),
        (b"\xa2\x02\x81\x00", ProofMethod.KEY_ENCIPHERMENT),
        (b"\xa3\x02\x81\x00", ProofMethod.KEY_AGREEMENT),
    ],
)
def test_other_proofs(proof: bytes, method: ProofMethod) -> None:
    """By their tags."""
    (found,) = certificate_requests(der.sequence(build.request(Template(), proof=proof)))
    assert found.proof is not None
    assert found.proof.method is method


@pytest.mark.parametrize(
    "sender", [der.explicit(0, der.explicit(4, build.name("CN=a").public_bytes())), der.sequence()]
)
def test_a_proof_over_an_input_of_its_own(sender: bytes) -> None:
    """PoposkInput names a sender, or a MAC."""
    signed_input = der.sequence(sender, build.spki(KEY))
    proof = der.explicit(1, b"\xa0" + signed_input[1:] + build.EC_SHA256 + der.bit_string(b"s"))
    (found,) = certificate_requests(der.sequence(build.request(Template(), proof=proof)))
    assert found.proof is not None
    given_input = found.proof.signing_input
    assert given_input is not None
    assert given_input.encoded == signed_input
    assert given_input.public_key == build.spki(KEY)
    assert (given_input.sender is None) == (sender == der.sequence())


def broken_requests() -> list[bytes]:
    """What is no CertReqMessages."""
    good = build.request(Template())
    no_popo = build.request(Template(), proof=b"")
    two_names = der.explicit(5, build.name("CN=a").public_bytes() * 2)
    return [
        b"",
        der.NULL,
        der.sequence(),
        der.sequence(*[good] * 101),
        der.sequence(der.NULL),
        der.sequence(der.sequence()),
        der.sequence(der.sequence(der.NULL, der.NULL, der.NULL, der.NULL)),
        der.sequence(der.sequence(der.sequence())),
        der.sequence(der.sequence(no_popo[4:] if no_popo[1] == 0x82 else no_popo[2:], b"\x84\x00")),
        der.sequence(build.request(Template(), proof=b"\x84\x00")),
        der.sequence(build.request(Template(), proof=der.explicit(1, der.NULL))),
        der.sequence(
            build.request(
                Template(), proof=der.explicit(1, b"\xa0\x02\x05\x00" + build.EC_SHA256 + der.bit_string(b""))
            )
        ),
        der.sequence(build.request(Template(None, extra=two_names))),
        der.sequence(build.request(Template(extensions=[build.san("a")] * 101))),
        der.sequence(build.request(Template(), controls=der.sequence(der.oid("1.2.3")))),
    ]


@pytest.mark.parametrize("data", broken_requests())
def test_what_is_broken_is_malformed(data: bytes) -> None:
    """Never anything else."""
    with pytest.raises(Refused) as refusal:
        certificate_requests(data)
    assert refusal.value.reason is Reason.MALFORMED


def test_a_proof_may_be_left_out_before_registration_information() -> None:
    """What follows without a context tag is regInfo."""
    whole = build.request(Template(), proof=der.sequence())
    (found,) = certificate_requests(der.sequence(whole))
    assert found.proof is None


@given(st.binary(max_size=60))
def test_any_octets_give_requests_or_a_refusal(data: bytes) -> None:
    """No other exception."""
    for wrapped in (data, der.sequence(data), der.sequence(der.sequence(data))):
        with suppress(Refused):
            certificate_requests(wrapped)


def test_certificate_ids() -> None:
    """A GeneralName and a number; anything else is malformed."""
    with pytest.raises(Refused):
        certificate_id(der.NULL)


def test_templates_are_written_as_they_are_read() -> None:
    """Version, issuer, subject, validity, extensions; without anything, an empty one."""
    name = build.name("CN=a").public_bytes()
    extension = TemplateExtension("2.5.29.17", False, b"0\x00")
    template = CertificateTemplate(version=2, issuer=name, subject=name, extensions=(extension,))
    assert certificate_template(encode_template(template)) == template
    assert encode_template(CertificateTemplate()) == der.sequence()
    until = certificate_template(encode_template(CertificateTemplate(), der.explicit(1, der.time(MOMENT))))
    assert (until.not_before, until.not_after) == (None, MOMENT)


@pytest.mark.parametrize("subject", [None, build.name("CN=a").public_bytes()])
@pytest.mark.parametrize("extensions", [(), (TemplateExtension("1.2.3", True, b"\x05\x00"),)])
def test_a_template_as_pkcs10(subject: bytes | None, extensions: tuple[TemplateExtension, ...]) -> None:
    """Readable as a certification request, with the same key, subject and extensions."""
    template = CertificateTemplate(subject=subject, public_key=build.spki(KEY), extensions=extensions)
    csr = x509.load_der_x509_csr(as_certification_request(template))
    assert csr.public_key() == KEY.public_key()
    assert csr.subject.public_bytes() == (subject or der.sequence())
    assert [one.oid.dotted_string for one in csr.extensions] == [one.oid for one in extensions]
