"""genm: what clients may ask (RFC 9483 4.3, RFC 9810 5.3.19)."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body, InformationValue
from emca_daemon.asn1.cmp_content import crl_statuses, general_message, general_reply, texts
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.asn1.values import decoded
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.authorization import chosen_profile
from emca_daemon.protocols.cmp.calls import Answer, Call
from emca_daemon.protocols.cmp.operations.general_crls import current_crl, newer_crls
from emca_daemon.protocols.cmp.operations.general_templates import (
    encryption_key_types,
    key_pair_parameters,
    request_template,
    signature_key_types,
)
from emca_daemon.protocols.cmp.passphrases import REV_PASSPHRASE, keep

Reply = Callable[[Call, bytes | None], InformationValue]

_ID_IT = "1.3.6.1.5.5.7.4."
CA_PROT_ENC_CERT = _ID_IT + "1"
SIGN_KEY_PAIR_TYPES = _ID_IT + "2"
ENC_KEY_PAIR_TYPES = _ID_IT + "3"
PREFERRED_SYMM_ALG = _ID_IT + "4"
CURRENT_CRL = _ID_IT + "6"
UNSUPPORTED_OIDS = _ID_IT + "7"
KEY_PAIR_PARAM_REQ, KEY_PAIR_PARAM_REP = _ID_IT + "10", _ID_IT + "11"
SUPP_LANG_TAGS = _ID_IT + "16"
CA_CERTS = _ID_IT + "17"
ROOT_CA_KEY_UPDATE, ROOT_CA_CERT = _ID_IT + "18", _ID_IT + "20"
CERT_REQ_TEMPLATE = _ID_IT + "19"
CRL_STATUS_LIST, CRLS = _ID_IT + "22", _ID_IT + "23"

INFORMATION = {
    CA_CERTS: "caCerts",
    ROOT_CA_CERT: "rootCaCert",
    CERT_REQ_TEMPLATE: "certReqTemplate",
    CRL_STATUS_LIST: "crlStatusList",
}
"""The questions that have paths of their own."""

_AES_256_CBC = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octet_string(bytes(16)))
_LANGUAGE = "en"


def inform(call: Call) -> Answer:
    """Genp with an answer to each question; raises Failure."""
    asked = general_message(call.message.body)
    if call.endpoint.settings.strict and len(asked) > 1:
        raise failure(FailInfo.BAD_REQUEST, "one thing is asked in a message")
    replies = [REPLIES[one.oid](call, one.value) for one in asked if one.oid in REPLIES]
    unknown = [one.oid for one in asked if one.oid not in REPLIES]
    if unknown:
        value = der.sequence(*map(der.oid, unknown))
        replies.append(InformationValue(UNSUPPORTED_OIDS, value))
    return Answer(Body.GENP, general_reply(replies))


def _without_value(reply: Reply) -> Reply:
    """A question that has no value of its own."""

    def checked(call: Call, value: bytes | None) -> InformationValue:
        if value is not None:
            raise failure(FailInfo.BAD_REQUEST, "this is asked without a value")
        return reply(call, value)

    return checked


def _ca_certificates(call: Call, _value: bytes | None) -> InformationValue:
    authority = call.endpoint.authorities.get(call.endpoint.settings.issuer)
    return InformationValue(CA_CERTS, der.sequence(*authority.record.chain))


def _root_update(call: Call, value: bytes | None) -> InformationValue:
    """The next root, where there is one; a root that is not ours has no successor here."""
    authority = call.endpoint.authorities.get(call.endpoint.settings.issuer)
    update = call.endpoint.root_update
    if value is not None and not _is_certificate(value):
        raise failure(FailInfo.BAD_REQUEST, "the value is the root that shall be updated, or absent")
    if not update or (value is not None and value != authority.record.chain[-1]):
        return InformationValue(ROOT_CA_KEY_UPDATE)
    encoded = [certificate.public_bytes(Encoding.DER) for certificate in update]
    tagged = [der.explicit(number, one) for number, one in enumerate(encoded[1:])]
    return InformationValue(ROOT_CA_KEY_UPDATE, der.sequence(encoded[0], *tagged))


def _is_certificate(value: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(value)
    except UNREADABLE:
        return False
    return True


def _template(call: Call, _value: bytes | None) -> InformationValue:
    profile = call.endpoint.enrollment.profile(chosen_profile(call))
    return InformationValue(CERT_REQ_TEMPLATE, request_template(profile))


def _signature_keys(call: Call, _value: bytes | None) -> InformationValue:
    profile = call.endpoint.enrollment.profile(call.endpoint.settings.profile)
    return InformationValue(SIGN_KEY_PAIR_TYPES, signature_key_types(profile))


def _encryption_keys(call: Call, _value: bytes | None) -> InformationValue:
    profile = call.endpoint.enrollment.profile(call.endpoint.settings.profile)
    return InformationValue(ENC_KEY_PAIR_TYPES, encryption_key_types(profile))


def _protocol_certificate(call: Call, _value: bytes | None) -> InformationValue:
    """The certificate that protects answers; what is encrypted to the CA has no other."""
    return InformationValue(CA_PROT_ENC_CERT, call.endpoint.signers.current().chain[0])


def _symmetric(_call: Call, _value: bytes | None) -> InformationValue:
    return InformationValue(PREFERRED_SYMM_ALG, _AES_256_CBC)


def _key_parameters(call: Call, value: bytes | None) -> InformationValue:
    try:
        oid = decoded(x509.ObjectIdentifier, value or b"", "OBJECT IDENTIFIER").dotted_string
    except Refused as refusal:
        raise failure(FailInfo.BAD_REQUEST, refusal.detail) from refusal
    profile = call.endpoint.enrollment.profile(call.endpoint.settings.profile)
    return InformationValue(KEY_PAIR_PARAM_REP, key_pair_parameters(profile, oid))


def _languages(_call: Call, value: bytes | None) -> InformationValue:
    """The first language asked for that is spoken here (RFC 9810 5.3.19.13)."""
    tags = texts(value or b"", "SuppLangTagsValue")
    chosen = next((tag for tag in tags if tag.lower().partition("-")[0] == _LANGUAGE), None)
    if chosen is None:
        raise failure(FailInfo.BAD_REQUEST, "only English is spoken here")
    return InformationValue(SUPP_LANG_TAGS, der.sequence(der.tlv(0x0C, chosen.encode())))


def _current_crl(call: Call, _value: bytes | None) -> InformationValue:
    return InformationValue(CURRENT_CRL, current_crl(call))


def _crls(call: Call, value: bytes | None) -> InformationValue:
    found = newer_crls(call, crl_statuses(value or b""))
    return InformationValue(CRLS, der.sequence(*found) if found else None)


def _passphrase(call: Call, value: bytes | None) -> InformationValue:
    keep(call, value)
    return InformationValue(REV_PASSPHRASE)


REPLIES: dict[str, Reply] = {
    CA_PROT_ENC_CERT: _without_value(_protocol_certificate),
    SIGN_KEY_PAIR_TYPES: _without_value(_signature_keys),
    ENC_KEY_PAIR_TYPES: _without_value(_encryption_keys),
    PREFERRED_SYMM_ALG: _without_value(_symmetric),
    CURRENT_CRL: _without_value(_current_crl),
    KEY_PAIR_PARAM_REQ: _key_parameters,
    REV_PASSPHRASE: _passphrase,
    SUPP_LANG_TAGS: _languages,
    CA_CERTS: _without_value(_ca_certificates),
    ROOT_CA_CERT: _root_update,
    CERT_REQ_TEMPLATE: _without_value(_template),
    CRL_STATUS_LIST: _crls,
}
"""What is answered, by the OID of the question."""
