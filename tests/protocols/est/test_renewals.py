"""What a renewal may ask for."""

from base64 import b64encode

from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.protocols.est.requests import CHANGE_SUBJECT_NAME
from emca_daemon.protocols.http import Peer
from emca_daemon.settings.est import EstSettings
from tests.support.est_world import EstWorld, certificates, request, settings

CHANGE = (
    (
        CHANGE_SUBJECT_NAME,
        der.sequence(
            x509.Name.from_rfc4514_string("CN=device-9").public_bytes(), der.tlv(0xA1, der.implicit(2, b"nine.example"))
        ),
    ),
)


def renewal(chosen: EstSettings, *, change: bool = False, same_key: bool = True) -> tuple[int, x509.Certificate | None]:
    """Status and certificate of a renewal on a label."""
    world = EstWorld()
    world.label(chosen)
    key, device = world.device()
    csr = request(key if same_key else None, attributes=CHANGE if change else ())
    response = world.send("simplereenroll", b64encode(csr), peer=Peer("192.0.2.9", certificate=device))
    return response.status, certificates(response)[0] if response.status == 200 else None


def test_names_change_where_they_may() -> None:
    """By ChangeSubjectName, and only where the settings allow it."""
    assert renewal(settings(), change=True)[0] == 403
    status, certificate = renewal(settings(change_subject=True), change=True)
    assert status == 200
    assert certificate is not None
    assert certificate.subject.rfc4514_string() == "CN=device-9"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["nine.example"]


def test_a_new_key_may_be_required() -> None:
    """Then the old one is refused."""
    assert renewal(settings(reuse_key=False))[0] == 403
    assert renewal(settings(reuse_key=False), same_key=False)[0] == 200
