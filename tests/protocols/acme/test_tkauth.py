"""tkauth-01 and lists of telephone numbers, from the order to the certificate."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.asn1.tn_auth_list import TN_AUTH_LIST
from emca_daemon.errors import Refused
from emca_daemon.policy.patterns import AttributeName, Oid
from emca_daemon.policy.profile_extensions import ExtendedKeyUsageRules, RequestedExtensionRules
from emca_daemon.policy.profile_names import DnsRules, NameRules
from emca_daemon.policy.profile_subject import AttributeRule, SubjectRules
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.account_keys import read_jwk
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.acme.tkauth import entries_of
from tests.support.acme_client import AcmeClient, Answer, b64, decoded, jwk_of
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.token_authority import Authority, code_list, fingerprint_of

SETTING = replace(
    SETTINGS,
    challenges=("http-01", "tkauth-01"),
    token_authority="https://authority.test/",
    allow_certificate_get=True,
)
COMMON_NAME = AttributeRule(type=AttributeName.parse("commonName"))
PROFILE: dict[str, object] = {
    "names": NameRules(minimum=0, dns=DnsRules()),
    "requested_extensions": RequestedExtensionRules(copy=(Oid.parse(TN_AUTH_LIST),)),
    "subject": SubjectRules(attributes=(COMMON_NAME,)),
    "extended_key_usage": ExtendedKeyUsageRules(),
    "lint": "pkix",
}
LIST = b64(code_list())


def identifier(value: object = LIST) -> dict[str, object]:
    """An identifier object."""
    return {"type": "TNAuthList", "value": value}


def csr(*lists: bytes, common_name: str = "SHAKEN 1234", ca: bool | None = None, names: tuple[str, ...] = ()) -> bytes:
    """A CSR with these lists."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else [])
    builder = x509.CertificateSigningRequestBuilder(subject)
    for value in lists:
        list_extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(TN_AUTH_LIST), value)
        builder = builder.add_extension(list_extension, critical=True)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, names)]), critical=False)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)


class Case:
    """An order for a list, not proved yet."""

    def __init__(self, *others: dict[str, object]) -> None:
        self.world = AcmeWorld(SETTING, **PROFILE)
        self.authority = Authority(self.world.clock.now)
        endpoint = replace(self.world.endpoint, token_authorities=(self.authority.trusted(),))
        self.world.responder = AcmeResponder(endpoint)
        self.client: AcmeClient = self.world.account()
        self.order: Answer = self.ordered(identifier(), *others)
        self.challenge = self.client.challenge(self.order, "tkauth-01")

    def ordered(self, *identifiers: dict[str, object], **members: object) -> Answer:
        """An order."""
        return self.client.post(self.client.url("/new-order"), {"identifiers": list(identifiers), **members})

    def token(self, client: AcmeClient | None = None, **changes: Any) -> str:
        """A token for the list and the account; `changes` replace members of `atc`, or claims."""
        key = read_jwk(jwk_of((client or self.client).key), WeakKeys())
        atc = {"tktype": "TNAuthList", "tkvalue": LIST, "ca": False, "fingerprint": fingerprint_of(key.fingerprint)}
        atc.update({name: changes.pop(name) for name in tuple(changes) if name in atc})
        return self.authority.token(atc, **changes)

    def respond(self, token: object) -> Answer:
        """A response to the challenge."""
        return self.client.post(self.challenge["url"], {"tkauth": token})

    def error_of(self, token: str) -> str:
        """Status and type of the error that a token leaves in the challenge."""
        answer = self.respond(token)
        assert (answer.status, answer.json["status"]) == (200, "invalid"), answer.json
        assert self.world.actions()[-1] == ("authorization.validate", "failed")
        error = answer.json["error"]
        return f"{error['status']} {error['type'].rpartition(':')[2]}"

    def finalize(self, request: bytes) -> Answer:
        """Finalize."""
        return self.client.finalize(self.order, request)


def test_a_token_proves_a_list() -> None:
    """The challenge says what is wanted; valid in the answer; the certificate has the list, and no other name."""
    case = Case()
    assert case.order.json["identifiers"] == [identifier()]
    assert (case.challenge["tkauth-type"], case.challenge["token-authority"]) == ("atc", "https://authority.test/")
    answer = case.respond(case.token())
    assert answer.json["status"] == "valid", answer.json
    assert case.world.actions()[-1] == ("authorization.validate", "success")
    done = case.finalize(csr(code_list()))
    assert done.status == 200, done.json
    pem = case.client.post(done.json["certificate"]).response.body
    certificate = x509.load_pem_x509_certificates(pem)[0]
    extension = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(TN_AUTH_LIST))
    assert (extension.value.public_bytes(), extension.critical) == (code_list(), False)
    assert certificate.subject.rfc4514_string() == "CN=SHAKEN 1234"
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_where_everybody_finds_the_certificate() -> None:
    """`x5u`, where the order lets everybody download it (RFC 9448 7)."""
    case = Case()
    case.respond(case.token(exp=int((case.world.clock.now + timedelta(days=365)).timestamp())))
    assert "x5u" not in case.finalize(csr(code_list())).json
    case.order = case.ordered(identifier(), **{"allow-certificate-get": True})
    done = case.finalize(csr(code_list())).json
    assert done["x5u"] == done["certificate"]
    assert case.client.send("GET", done["x5u"]).header("content-type") == "application/pem-certificate-chain"


def test_a_proof_lasts_no_longer_than_its_token() -> None:
    """Nor longer than other authorizations."""
    case = Case()
    case.respond(case.token())
    authorization = case.client.post(case.order.json["authorizations"][0]).json
    assert authorization["expires"] == (case.world.clock.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert case.ordered(identifier()).json["status"] == "pending"
    case = Case()
    case.respond(case.token(exp=int((case.world.clock.now + timedelta(days=365)).timestamp())))
    assert case.ordered(identifier()).json["status"] == "ready"


@pytest.mark.parametrize("token", [None, 1, {}, []])
def test_what_is_no_response_leaves_the_challenge(token: object) -> None:
    """400 malformed; the client may try again."""
    case = Case()
    assert case.respond(token).problem == "400 malformed"
    assert case.respond(case.token()).json["status"] == "valid"


def test_tokens_that_prove_nothing() -> None:
    """For another type, list or account; for a CA; of another authority; run out."""
    for changes in (
        {"tktype": "JWTClaimConstraints"},
        {"tkvalue": b64(code_list("5678"))},
        {"fingerprint": "SHA256 00"},
        {"ca": True},
        {"exp": 1},
    ):
        case = Case()
        assert case.error_of(case.token(**changes)) == "403 unauthorized"
    case = Case()
    assert case.error_of(case.token(case.world.account())) == "403 unauthorized"
    case = Case()
    case.authority = Authority(case.world.clock.now)
    assert case.error_of(case.token()) == "403 unauthorized"


def test_tokens_that_are_none() -> None:
    """Malformed, or signed by an algorithm that is not taken."""
    assert Case().error_of("a.b.c") == "400 malformed"
    case = Case()
    assert case.error_of("e30." + case.token().partition(".")[2]) == "400 badSignatureAlgorithm"


def test_a_token_is_good_until_it_runs_out() -> None:
    """For further orders of its account (RFC 9447 3.3); the audit tells its `jti` each time."""
    case = Case()
    token = case.token()
    for _ in range(2):
        assert case.respond(token).json["status"] == "valid"
        case.order = case.ordered(identifier())
        for url in case.order.json["authorizations"]:
            case.client.post(url, {"status": "deactivated"})
        case.order = case.ordered(identifier())
        case.challenge = case.client.challenge(case.order, "tkauth-01")
    with case.world.store.reading() as tx:
        events = [one.event for one in tx.audit.walk() if one.event.action == "authorization.validate"]
    assert len({str(event.details["token"]) for event in events}) == 1
    assert len(events) == 2


def test_a_token_that_was_refused_is_not_used_up() -> None:
    """It proves the right list afterwards."""
    case = Case()
    other = case.ordered(identifier(b64(code_list("5678"))))
    wrong = case.client.challenge(other, "tkauth-01")
    assert case.client.post(wrong["url"], {"tkauth": case.token()}).json["status"] == "invalid"
    assert case.respond(case.token()).json["status"] == "valid"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "400 malformed"),
        (LIST + "=", "400 malformed"),
        (b64(b"\x30\x00"), "400 malformed"),
        (b64(der.sequence(b"\x16\x011")), "400 malformed"),
        ("TNAuthList", "400 malformed"),
    ],
)
def test_identifiers_that_are_no_lists(value: str, problem: str) -> None:
    """Malformed."""
    assert Case().ordered(identifier(value)).problem == problem


def test_lists_that_are_not_certified() -> None:
    """A second one; by a profile that does not copy the extension; where no challenge proves them."""
    case = Case()
    assert case.ordered(identifier(), identifier(b64(code_list("5678")))).problem == "400 rejectedIdentifier"
    client = AcmeWorld(SETTING).account()
    wanted = {"identifiers": [identifier()]}
    assert client.post(client.url("/new-order"), wanted).problem == "400 rejectedIdentifier"
    client = AcmeWorld(SETTINGS, **PROFILE).account()
    assert client.post(client.url("/new-order"), wanted).problem == "400 rejectedIdentifier"


@pytest.mark.parametrize(
    "request_",
    [
        csr(),
        csr(code_list("5678")),
        csr(code_list(), ca=True),
        csr(code_list(), common_name="www.example.com"),
        csr(code_list(), names=("www.example.com",)),
    ],
    ids=["none", "another", "ca", "host", "name"],
)
def test_the_csr_must_have_the_list_and_nothing_else(request_: bytes) -> None:
    """BadCSR, and the order stays ready."""
    case = Case()
    case.respond(case.token())
    assert case.finalize(request_).problem == "400 badCSR"
    assert case.finalize(csr(code_list(), ca=False)).json["status"] == "valid"


def test_a_list_that_was_not_ordered_is_in_no_certificate() -> None:
    """Although the profile would copy it."""
    case = Case()
    order = case.world.ready_order(case.client, "a.example.com")
    request_ = csr(code_list(), common_name="", names=("a.example.com",))
    assert case.client.finalize(order, request_).problem == "400 badCSR"


def test_lists_and_names_in_one_order() -> None:
    """Each has a challenge of its own, and the common name must be a name again."""
    case = Case({"type": "dns", "value": "a.example.com"})
    case.respond(case.token())
    case.client.post(case.client.challenge(case.order, "http-01")["url"], {})
    case.world.work()
    assert case.finalize(csr(code_list(), names=("a.example.com",))).problem == "400 badCSR"
    assert case.finalize(csr(code_list(), common_name="", names=("a.example.com",))).json["status"] == "valid"


def test_entries_are_told_to_people() -> None:
    """Padded or not."""
    assert entries_of(LIST) == entries_of(LIST + "==") == ("spc 1234",)
    assert decoded(LIST) == code_list()
    with pytest.raises(Refused):
        entries_of("x")
