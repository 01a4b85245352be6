"""One body of every kind that clients send, as the ground that mutations are made from."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body
from emca_daemon.asn1.cms_enveloping import ToPassword
from emca_daemon.protocols.cmp.operations import general
from emca_daemon.protocols.cmp.passphrases import REV_PASSPHRASE
from tests.support import cmp_messages as build
from tests.support.cmp_envelopes import encrypted_key
from tests.support.cmp_messages import Template
from tests.support.cmp_world import SECRET

_VALUES = {
    general.KEY_PAIR_PARAM_REQ: der.oid("1.2.840.10045.2.1"),
    REV_PASSPHRASE: encrypted_key(ToPassword(SECRET)),
    general.SUPP_LANG_TAGS: der.sequence(der.tlv(0x0C, b"en")),
    general.CRL_STATUS_LIST: der.sequence(
        der.sequence(der.explicit(1, der.explicit(4, build.name("CN=Issuing").public_bytes())))
    ),
}
"""What questions are asked with, where they have a value."""


def bodies(certificate: x509.Certificate) -> Sequence[tuple[Body, bytes]]:
    """Tag and content of each; `certificate` is one to be updated, revoked and confirmed."""
    key = ec.generate_private_key(ec.SECP256R1())
    rich = Template(extensions=(build.san("a.example", "b.example"),), key=key)
    csr = x509.CertificateSigningRequestBuilder(build.name("CN=dev1"))
    csr = csr.add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
    digest = certificate.fingerprint(hashes.SHA256())
    status = der.sequence(der.integer(0), der.sequence(der.tlv(0x0C, b"fine")))
    details = der.sequence(
        b"\x81" + der.integer(certificate.serial_number)[1:], der.explicit(3, certificate.issuer.public_bytes())
    )
    reason = der.sequence(der.extension(der.oid("2.5.29.21"), b"\x0a\x01\x04"))
    questions = [der.sequence(der.oid(oid), _VALUES.get(oid, b"")) for oid in (*general.REPLIES, "1.2.3.4")]
    updated = build.request(Template(key=key), controls=build.old_certificate(certificate))
    return (
        (Body.IR, der.sequence(build.request(rich))),
        (Body.CR, der.sequence(build.request(Template(key=key)))),
        (Body.P10CR, csr.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)),
        (Body.KUR, der.sequence(updated)),
        (Body.RR, der.sequence(der.sequence(details, reason))),
        (Body.CERTCONF, der.sequence(der.sequence(der.octet_string(digest), der.integer(0), status))),
        (Body.POLLREQ, der.sequence(der.sequence(der.integer(0)))),
        (Body.ERROR, der.sequence(status)),
        (Body.NESTED, der.sequence(der.sequence(der.sequence(), der.explicit(0, der.sequence())))),
        (Body.CCR, der.sequence(build.request(Template(key=key)))),
        (Body.POPDECR, der.sequence(der.integer(17))),
        *((Body.GENM, der.sequence(question)) for question in questions),
    )
