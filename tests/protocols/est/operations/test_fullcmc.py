"""/fullcmc: conversations with requests made here, and one made by an independent implementation."""

import hashlib
from base64 import b64decode, b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import cmc, der
from emca_daemon.asn1.cms_algorithms import MODERN_DIGESTS
from emca_daemon.asn1.cms_signed import read_signed_data, verify_signer
from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.asn1.values import content_parts, encoded, integer, object_identifier, sequence_parts
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.requests import CHALLENGE_PASSWORD
from emca_daemon.protocols.est.shared_secrets import SharedSecret
from emca_daemon.protocols.http import Peer, Response
from tests.support.ca_world import BY, ISSUING
from tests.support.cmc_messages import (
    SECRET,
    Controls,
    crmf,
    identity_proof,
    pkcs10,
    pki_data,
    signed,
    throwaway,
    unsigned,
)
from tests.support.est_world import PLAIN, EstWorld, Key, basic, request, settings


def cmc_world() -> EstWorld:
    """A world whose label serves full CMC and knows one secret."""
    world = EstWorld()
    world.label(settings(full_cmc=True), secrets={"bob": SharedSecret(SECRET)})
    return world


def _by_a_stranger(csr: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return signed(pki_data((pkcs10(csr),)), key, throwaway(key).public_bytes(Encoding.DER))


def _bound(key: Key, attributes: tuple[tuple[str, bytes], ...]) -> bytes:
    return pkcs10(request(key, attributes=attributes))


def send(world: EstWorld, message: bytes, peer: Peer = PLAIN, **headers: str) -> Response:
    """Post a full request."""
    given = {"content-type": "application/pkcs7-mime; smime-type=CMC-request", **headers}
    return world.send("fullcmc", b64encode(message), headers=given, peer=peer)


def read(
    world: EstWorld, response: Response
) -> tuple[list[tuple[int, int | None]], list[x509.Certificate], dict[str, bytes]]:
    """CMCStatus and CMCFailInfo of each status, certificates, and the controls, the signature verified."""
    assert dict(response.headers)["Content-Type"] == "application/pkcs7-mime; smime-type=CMC-response", response
    answer = read_signed_data(b64decode(response.body))
    assert answer.content_type == cmc.PKI_RESPONSE
    verify_signer(answer, answer.signers[0], world.signer.certificate.public_key(), MODERN_DIGESTS)
    statuses, controls = [], {}
    for part in sequence_parts(encoded(sequence_parts(answer.content or b"", "PKIResponse")[0]), "controls"):
        fields = sequence_parts(encoded(part), "control")
        oid, value = object_identifier(fields[1]), encoded(content_parts(bytes(fields[2].data), "values")[0])
        controls[oid] = value
        if oid == cmc.STATUS_INFO_V2:
            status = sequence_parts(value, "status")
            numbers = [integer(encoded(one), "number") for one in status if one.tag_bytes == b"\x02"]
            statuses.append((numbers[0], numbers[1] if len(numbers) > 1 else None))
    return statuses, [x509.load_der_x509_certificate(one) for one in answer.certificates], controls


@pytest.mark.parametrize("form", ["pkcs10", "crmf"])
def test_a_shared_secret_gets_a_certificate(form: str) -> None:
    """Signed by the new key, the identity proved by a MAC; nonces and transaction come back."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    requests = (pkcs10(request(key)) if form == "pkcs10" else crmf(key),)
    nonces = ((cmc.TRANSACTION_ID, der.integer(7)), (cmc.SENDER_NONCE, der.octet_string(b"nonce")))
    response = send(world, signed(pki_data(requests, identity_proof(requests) + nonces), key))
    statuses, certificates, controls = read(world, response)
    assert (response.status, statuses) == (200, [(0, None)])
    assert key.public_key() in [one.public_key() for one in certificates]
    assert controls[cmc.TRANSACTION_ID] == der.integer(7)
    assert controls[cmc.RECIPIENT_NONCE] == der.octet_string(b"nonce")
    assert cmc.SENDER_NONCE in controls
    assert _newest_requester(world) == ("bob", "secret")


def test_a_digest_stands_in_for_a_signature() -> None:
    """id-alg-noSignature (RFC 5272 3.3.3.1): the shared secret proves who it is; a wrong digest proves nothing."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    requests = (pkcs10(request(key)),)
    content = pki_data(requests, identity_proof(requests))
    assert read(world, send(world, unsigned(content, hashlib.sha256(content).digest())))[0] == [(0, None)]
    assert read(world, send(world, unsigned(content, bytes(32))))[0] == [(2, 1)]


@pytest.mark.parametrize("algorithm", ["1.2.840.113549.2.5", "1.3.14.3.2.26", "1.2.3.4"])
def test_other_digests_are_bad_algorithms(algorithm: str) -> None:
    """MD5, SHA-1 and one that nobody knows, also in the place of a signature."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    requests = (pkcs10(request(key)),)
    content = pki_data(requests, identity_proof(requests))
    digest = {"1.2.840.113549.2.5": hashlib.md5, "1.3.14.3.2.26": hashlib.sha1}.get(algorithm, hashlib.sha256)(content)
    response = send(world, unsigned(content, digest.digest(), algorithm))
    assert (response.status, read(world, response)[0]) == (400, [(2, 0)])


def test_a_wrong_secret_and_an_unknown_name_are_one() -> None:
    """badIdentity, 401, and the audit chain knows."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    requests = (pkcs10(request(key)),)
    answers = [
        read(world, send(world, signed(pki_data(requests, identity_proof(requests, *given)), key)))[0]
        for given in ((b"wrong", "bob"), (SECRET, "eve"))
    ]
    assert answers == [[(2, 7)], [(2, 7)]]
    assert world.actions()[-1] == ("est.request", "refused")


def test_a_certificate_of_ours_signs_for_its_own_names() -> None:
    """And for no others (badRequest); an unknown one is badIdentity."""
    world, new = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    key, device = world.device()
    fine = send(world, signed(pki_data((pkcs10(request(new)),)), key, device))
    assert read(world, fine)[0] == [(0, None)]
    other = send(world, signed(pki_data((pkcs10(request(new, "device-2")),)), key, device))
    assert (other.status, read(world, other)[0]) == (403, [(2, 2)])
    unknown = send(world, _by_a_stranger(request(new)))
    assert (unknown.status, read(world, unknown)[0]) == (401, [(2, 7)])
    assert unknown.header("www-authenticate") == 'Basic realm="est"'


def test_http_authentication_will_do_too() -> None:
    """Without any, 401 asks for it."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    message = signed(pki_data((pkcs10(request(key)),)), key)
    assert read(world, send(world, message, authorization=basic()))[0] == [(0, None)]
    refused = send(world, message)
    assert (refused.status, refused.body) == (401, b"")


def test_the_labels_demand_holds_here_too() -> None:
    """Neither a certificate that signs nor a secret stands for the HTTP authentication that a label demands."""
    world, new = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    key, device = world.device()
    asked = (pkcs10(request(new)),)
    secret = signed(pki_data(asked, identity_proof(asked)), new)
    both = signed(pki_data(asked, identity_proof(asked)), key, device)
    mine = signed(pki_data(asked), key, device)
    for wanted in ("http", "both"):
        world.label(settings(full_cmc=True, authentication=wanted), secrets={"bob": SharedSecret(SECRET)})
        for message in (mine, secret, both):
            refused = send(world, message)
            assert (refused.status, refused.body) == (401, b"")
            assert refused.header("www-authenticate") == 'Basic realm="est"'
        assert read(world, send(world, mine, authorization=basic()))[0] == [(0, None)]
        assert send(world, mine, authorization=basic(password="wrong")).status == 401
        other = send(world, both, authorization=basic())
        assert (other.status, read(world, other)[0]) == (401, [(2, 7)])
    alone = send(world, signed(pki_data(asked), new), authorization=basic())
    assert (alone.status, read(world, alone)[0]) == (403, [(2, 7)])


def test_a_label_for_certificates_wants_one() -> None:
    """Of who signs, or of TLS; a secret is none, and 401 would ask in vain."""
    world, new = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    key, device = world.device()
    world.label(settings(full_cmc=True, authentication="certificate"), secrets={"bob": SharedSecret(SECRET)})
    asked = (pkcs10(request(new)),)
    secret = signed(pki_data(asked, identity_proof(asked)), new)
    for message in (secret, signed(pki_data(asked), new), _by_a_stranger(request(new))):
        refused = send(world, message, authorization=basic())
        assert (refused.status, read(world, refused)[0]) == (403, [(2, 7)])
    over_tls = Peer(PLAIN.address, certificate=device)
    assert read(world, send(world, secret, peer=over_tls))[0] == [(0, None)]
    mine = pki_data((pkcs10(request()),))
    assert read(world, send(world, signed(mine, key, device)))[0] == [(0, None)]


def test_http_that_is_given_must_be_right() -> None:
    """Also beside a certificate that would do; and it names whom the secret names."""
    world, new = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    key, device = world.device()
    asked = (pkcs10(request(new)),)
    mine = signed(pki_data(asked), key, device)
    assert send(world, mine, authorization=basic(password="wrong")).status == 401
    assert read(world, send(world, mine, authorization=basic()))[0] == [(0, None)]
    assert _newest_requester(world) == ("alice", "tls-certificate+password")
    secret = signed(pki_data(asked, identity_proof(asked)), new)
    assert read(world, send(world, secret, authorization=basic()))[0] == [(2, 7)]


def test_the_binding_is_required_where_the_label_says_so() -> None:
    """In a PKCS #10 request; CRMF has no place for it."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    world.label(settings(full_cmc=True, proof_of_possession="required"), secrets={"bob": SharedSecret(SECRET)})
    peer = Peer(PLAIN.address, exporter=b"this session")
    bound = ((CHALLENGE_PASSWORD, der.tlv(0x0C, b64encode(b"this session"))),)
    for asked, status in ((pkcs10(request(key)), (2, 9)), (crmf(key), (2, 9)), (_bound(key, bound), (0, None))):
        message = signed(pki_data((asked,), identity_proof((asked,))), key)
        assert read(world, send(world, message, peer=peer))[0] == [status]


def test_the_new_key_may_show_a_certificate_of_its_own() -> None:
    """It proves possession, and the shared secret who asks; without a secret HTTP must say it."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    asked = (pkcs10(request(key)),)
    own = throwaway(key).public_bytes(Encoding.DER)
    response = send(world, signed(pki_data(asked, identity_proof(asked)), key, own))
    assert (response.status, read(world, response)[0]) == (200, [(0, None)])
    assert send(world, signed(pki_data(asked), key, own)).status == 401


@pytest.mark.parametrize("oid", [cmc.TRANSACTION_ID, cmc.SENDER_NONCE, cmc.DATA_RETURN])
def test_controls_are_read_before_anything_is_done(oid: str) -> None:
    """Without a value, with two, or with another kind of value: badRequest in a response, and no certificate."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    asked = (pkcs10(request(key)),)
    right = der.integer(7) if oid == cmc.TRANSACTION_ID else der.octet_string(b"7")
    for values in (b"", right + right, der.NULL):
        before = world.actions()
        response = send(world, signed(pki_data(asked, (*identity_proof(asked), (oid, values))), key))
        assert (response.status, read(world, response)[0]) == (400, [(2, 2)])
        assert world.actions()[len(before) :] == [("est.request", "refused")]


def test_nothing_is_done_that_could_not_be_answered() -> None:
    """503 with Retry-After while nobody can sign the response."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())

    def gone() -> SigningIdentity:
        raise Refused(Reason.UNAVAILABLE, "the token is away")

    world.label(settings(full_cmc=True), secrets={"bob": SharedSecret(SECRET)}, signer=gone)
    asked, before = (pkcs10(request(key)),), world.actions()
    response = send(world, signed(pki_data(asked, identity_proof(asked)), key))
    assert (response.status, response.header("retry-after")) == (503, "2")
    assert world.actions() == before


def test_a_token_is_of_its_label() -> None:
    """On another one there is no such request."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    world.label(settings(full_cmc=True), "other", secrets={"bob": SharedSecret(SECRET)})
    world.manual()
    asked = (pkcs10(request(key)),)
    assert send(world, signed(pki_data(asked, identity_proof(asked)), key)).status == 202
    with world.store.reading() as tx:
        (waiting,) = tx.pending.list(None)
    query = ((cmc.QUERY_PENDING, der.octet_string(waiting.id.encode())),)
    content = pki_data((), (*identity_proof(()), *query))
    asking = unsigned(content, hashlib.sha256(content).digest())
    assert read(world, send(world, asking))[0] == [(3, None)]
    elsewhere = world.send("other/fullcmc", b64encode(asking), headers={"content-type": "application/pkcs7-mime"})
    assert (elsewhere.status, read(world, elsewhere)[0]) == (404, [(2, 4)])


def test_a_wrong_proof_of_possession_is_pop_failed() -> None:
    """The other request of the message is served all the same."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    requests = (crmf(key, number=1, broken=True), crmf(key, number=2))
    response = send(world, signed(pki_data(requests, identity_proof(requests)), key))
    assert (response.status, read(world, response)[0]) == (400, [(2, 9), (0, None)])


def test_an_unknown_control_fails_the_whole_message() -> None:
    """BadRequest (RFC 5272 3.2.1.1)."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    requests = (pkcs10(request(key)),)
    controls = (*identity_proof(requests), ("1.3.6.1.5.5.7.7.28", der.sequence()))
    response = send(world, signed(pki_data(requests, controls), key))
    assert (response.status, read(world, response)[0]) == (400, [(2, 2)])


def test_a_broken_signature_is_bad_message_check() -> None:
    """Nothing is believed of such a message."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    requests = (pkcs10(request(key)),)
    message = signed(pki_data(requests, identity_proof(requests)), ec.generate_private_key(ec.SECP256R1()))
    assert read(world, send(world, message))[0] == [(2, 1)]


def test_a_waiting_request_is_asked_for() -> None:
    """Pending with a token, by which queryPending finds the certificate once a person has said yes."""
    world, key = cmc_world(), ec.generate_private_key(ec.SECP256R1())
    device_key, device = world.device(requester="bob", name="agent")
    world.manual()
    requests = (pkcs10(request(key)),)
    response = send(world, signed(pki_data(requests, identity_proof(requests)), key))
    assert (response.status, read(world, response)[0]) == (202, [(3, None)])
    with world.store.reading() as tx:
        (waiting,) = tx.pending.list(None)
    query = (*identity_proof(()), (cmc.QUERY_PENDING, der.octet_string(waiting.id.encode())))
    assert read(world, send(world, signed(pki_data((), query), key, _anchor(world))))[0] == [(2, 1)]
    world.approval.approve(waiting.id, world.by)
    message = signed(pki_data((), query), device_key, device)
    statuses, certificates, _ = read(world, send(world, message))
    assert statuses == [(0, None)]
    assert key.public_key() in [one.public_key() for one in certificates]


def test_a_holder_revokes_their_certificate() -> None:
    """And nobody else's."""
    world = cmc_world()
    key, device = world.device()
    _, other = world.device("device-2")
    assert read(world, send(world, signed(pki_data((), _revocation(other)), key, device)))[0] == [(2, 7)]
    assert read(world, send(world, signed(pki_data((), _revocation(device)), key, device)))[0] == [(0, None)]
    assert ("certificate.revoke", "success") in world.actions()


def test_certificates_and_crls_are_fetched() -> None:
    """By one message, with a status each; what is not ours is badCertId, and who proves nothing gets nothing."""
    world = cmc_world()
    key, device = world.device()
    crl = world.crls.publish(ISSUING, BY).der
    other = x509.load_der_x509_certificate(world.device("device-2")[1])
    issuer = other.issuer.public_bytes()

    def named(serial: int) -> bytes:
        return der.sequence(der.explicit(4, issuer), der.integer(serial))

    twice = ((cmc.GET_CRL, der.sequence(issuer)),) * 2
    asked = ((cmc.GET_CERT, named(other.serial_number)), *twice)
    response = send(world, signed(pki_data((), asked), key, device))
    statuses, certificates, _ = read(world, response)
    assert (response.status, statuses) == (200, [(0, None)] * 3)
    assert set(certificates) == {other, world.signer.certificate}
    assert read_signed_data(b64decode(response.body)).crls == (crl,)
    partly = send(world, signed(pki_data((), ((cmc.GET_CERT, named(1)), *asked)), key, device))
    assert (partly.status, read(world, partly)[0]) == (404, [(2, 4)] + [(0, None)] * 3)
    content = pki_data((), asked)
    nobody = send(world, unsigned(content, hashlib.sha256(content).digest()))
    assert (nobody.status, nobody.body) == (401, b"")


def test_not_every_label_serves_it() -> None:
    """404 where it is not switched on."""
    world = EstWorld()
    world.label()
    assert send(world, b"").status == 404


def _revocation(certificate: bytes) -> Controls:
    read = x509.load_der_x509_certificate(certificate)
    content = der.sequence(read.issuer.public_bytes(), der.integer(read.serial_number), der.enumerated(1))
    return ((cmc.REVOKE_REQUEST, content),)


def _anchor(world: EstWorld) -> bytes:
    return world.endpoints["default"].authority.record.chain[0]


def _newest_requester(world: EstWorld) -> tuple[str, str]:
    with world.store.reading() as tx:
        event = list(tx.audit.walk())[-1].event
    return event.actor, event.proof


def test_each_request_of_a_message_is_counted() -> None:
    """One message is no way around `requests_per_minute`: what is too much has to come later (tryLater)."""
    world = EstWorld()
    world.label(settings(full_cmc=True, requests_per_minute=2))
    requests = tuple(pkcs10(request(name=f"device-{number}"), number) for number in (1, 2, 3, 4))
    content = pki_data(requests)
    before = len(world.actions())
    response = send(world, unsigned(content, hashlib.sha256(content).digest()), authorization=basic())
    assert read(world, response)[0] == [(0, None)] * 2 + [(2, 12)] * 2
    assert (response.status, response.header("retry-after")) == (429, "60")
    assert world.actions()[before:].count(("est.request", "refused")) == 1
