"""Templates that the CSR of a delegated order must follow: how they are read, and what follows them (RFC 9115 4)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from emca_daemon.asn1.attributes import BY_OID
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, SubjectAttribute
from emca_daemon.policy.facts import KeyFacts, RequestFacts
from emca_daemon.protocols.acme.csr_usages import EXTENDED_KEY_USAGE, KEY_USAGE, PURPOSES, USAGES, purposes, usages
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.acme.identifiers import identifier_document

_MANDATORY, _OPTIONAL = "**", "*"
_WILDCARDS = frozenset((_MANDATORY, _OPTIONAL))
_ALTERNATIVE_NAME = "2.5.29.17"

_SUBJECT = {
    "country": "2.5.4.6",
    "stateOrProvince": "2.5.4.8",
    "locality": "2.5.4.7",
    "organization": "2.5.4.10",
    "organizationalUnit": "2.5.4.11",
    "emailAddress": "1.2.840.113549.1.9.1",
    "commonName": "2.5.4.3",
}
_NAMES = {"DNS": NameType.DNS, "Email": NameType.EMAIL, "URI": NameType.URI}
_CURVES = {"secp256r1": "p-256", "secp384r1": "p-384", "secp521r1": "p-521"}
_ECDSA = frozenset(("ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512"))
_RSA = {
    **{name: name for name in ("sha256WithRSAEncryption", "sha384WithRSAEncryption", "sha512WithRSAEncryption")},
    **{f"sha{size}WithRSAandMGF1": f"RSASSA-PSS-SHA{size}" for size in (256, 384, 512)},
}
_OID = re.compile(r"[0-2](\.(0|[1-9]\d{0,15})){1,20}", re.ASCII)
_MOST = 100
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class KeyType:
    """A kind of key, its curve or its size in bits, and how its CSR is signed, as `RequestFacts` have these."""

    algorithm: str
    parameter: str
    bits: int
    signature: str

    def fits(self, key: KeyFacts, signature: str) -> bool:
        """Whether a CSR has such a key and signature."""
        size = self.bits in (0, key.bits)
        return (key.algorithm, key.parameter, signature) == (self.algorithm, self.parameter, self.signature) and size


@dataclass(frozen=True, slots=True)
class CsrTemplate:
    """What a CSR must have: `subject` by OID, `names` by type, usages by name (None: no extension)."""

    key_types: tuple[KeyType, ...]
    subject: Mapping[str, str]
    names: Mapping[NameType, tuple[str, ...]]
    key_usage: frozenset[str] | None
    extended_key_usage: frozenset[str] | None

    def allows(self, name: AlternativeName) -> bool:
        """Whether a name may be in the CSR."""
        texts = self.names.get(name.type, ())
        return name.value in texts or not _WILDCARDS.isdisjoint(texts)

    @property
    def delegated(self) -> frozenset[AlternativeName]:
        """The names that the template spells out; each must be in the CSR."""
        named = ((kind, text) for kind, texts in self.names.items() for text in texts)
        return frozenset(AlternativeName(kind, text) for kind, text in named if text not in _WILDCARDS)

    def check(self, facts: RequestFacts) -> None:
        """Raises badCSR (403) for a CSR that does not follow the template, with every fault; names are subproblems."""
        names = self._name_faults(facts.names)
        faults = [
            *self._key_faults(facts),
            *_subject_faults(self.subject, facts.subject),
            *(f"{name} {fault}" for name, fault in names.items()),
            *self._kind_faults(facts.names),
            *self._extension_faults(facts),
        ]
        if faults:
            detail = "the CSR does not follow the template of the delegation: " + "; ".join(faults[:10])
            subproblems = tuple(
                Problem("rejectedIdentifier", f"{name} {fault}", 403, identifier=identifier_document(name))
                for name, fault in names.items()
            )
            problem = Problem("badCSR", detail, 403, subproblems=subproblems[:_MOST])
            raise AcmeRefusal(problem, reason=Reason.PROFILE_REFUSED)

    def _key_faults(self, facts: RequestFacts) -> list[str]:
        fits = any(one.fits(facts.key, facts.request_signature) for one in self.key_types)
        return [] if fits else ["its key, or how it is signed, is none of `keyTypes`"]

    def _name_faults(self, found: Sequence[AlternativeName]) -> dict[AlternativeName, str]:
        faults = {name: "is not in the template" for name in found if not self.allows(name)}
        missing = sorted(self.delegated - set(found), key=str)
        return faults | dict.fromkeys(missing, "is not in the CSR")

    def _kind_faults(self, found: Sequence[AlternativeName]) -> list[str]:
        open_names = {name.type for name in found if name not in self.delegated}
        needed = [kind for kind, texts in self.names.items() if _MANDATORY in texts]
        return [f"it lacks a name of the type {kind.value}" for kind in needed if kind not in open_names]

    def _extension_faults(self, facts: RequestFacts) -> list[str]:
        known = {_ALTERNATIVE_NAME, KEY_USAGE, EXTENDED_KEY_USAGE}
        faults = [f"it has the extension {one.oid}" for one in facts.extensions if one.oid not in known]
        if usages(facts.extensions) != self.key_usage:
            faults.append("its key usage is another one")
        if purposes(facts.extensions) != self.extended_key_usage:
            faults.append("its extended key usage is another one")
        return faults


def _subject_faults(wanted: Mapping[str, str], found: Sequence[SubjectAttribute]) -> list[str]:
    faults = []
    for oid in dict.fromkeys((*wanted, *(one.oid for one in found))):
        name = BY_OID[oid].name if oid in BY_OID else oid
        values, text = [one.value for one in found if one.oid == oid], wanted.get(oid)
        if text is None or len(values) > 1:
            faults.append(f"its subject has {name}" + " more than once" * (text is not None))
        elif text == _MANDATORY and not any(values):
            faults.append(f"its subject lacks {name}")
        elif text not in _WILDCARDS and values != [text]:
            faults.append(f"the {name} of its subject is not `{text}`")
    return faults


def read_template(value: object) -> CsrTemplate:
    """A template in JSON; raises Refused(MALFORMED) for what the schema of RFC 9115 4 does not allow."""
    template = _object(value, "csr-template", ("keyTypes", "extensions"), ("subject",))
    extensions = _object(template["extensions"], "extensions", ("subjectAltName",), ("keyUsage", "extendedKeyUsage"))
    names = _object(extensions["subjectAltName"], "subjectAltName", (), _NAMES)
    subject = _object(template.get("subject", {}), "subject", (), _SUBJECT)
    if not names or ("subject" in template and not subject):
        raise _malformed("`subject` and `subjectAltName` are not empty")
    return CsrTemplate(
        key_types=tuple(_key_type(one) for one in _list(template["keyTypes"], "keyTypes")),
        subject={_SUBJECT[name]: _text(text, name) for name, text in subject.items()},
        names={_NAMES[name]: _names(_NAMES[name], texts) for name, texts in names.items()},
        key_usage=_words(extensions, "keyUsage", USAGES),
        extended_key_usage=_words(extensions, "extendedKeyUsage", PURPOSES),
    )


def _key_type(value: object) -> KeyType:
    kind = value.get("PublicKeyType") if isinstance(value, dict) else None
    if kind == "rsaEncryption":
        key = _object(value, "keyTypes", ("PublicKeyType", "PublicKeyLength", "SignatureType"))
        bits, signature = key["PublicKeyLength"], _RSA.get(_text(key["SignatureType"], "SignatureType"))
        if isinstance(bits, int) and not isinstance(bits, bool) and 0 < bits <= 16_384 and signature is not None:
            return KeyType("rsa", "", bits, signature)
    elif kind == "id-ecPublicKey":
        key = _object(value, "keyTypes", ("PublicKeyType", "namedCurve", "SignatureType"))
        curve, signed = (
            _CURVES.get(_text(key["namedCurve"], "namedCurve")),
            _text(key["SignatureType"], "SignatureType"),
        )
        if curve is not None and signed in _ECDSA:
            return KeyType("ec", curve, 0, signed)
    raise _malformed("`keyTypes` has an element that is no kind of key")


def _names(kind: NameType, value: object) -> tuple[str, ...]:
    texts = tuple(_text(one, "subjectAltName") for one in _list(value, "subjectAltName"))
    return tuple(text.lower() for text in texts) if kind is NameType.DNS else texts


def _words(extensions: Mapping[str, object], member: str, known: Collection[str]) -> frozenset[str] | None:
    if member not in extensions:
        return None
    words = frozenset(_text(one, member) for one in _list(extensions[member], member))
    if any(word not in known and not (known is PURPOSES and _OID.fullmatch(word)) for word in words):
        raise _malformed(f"`{member}` knows {', '.join(known)}")
    return words


def _object(value: object, what: str, needed: Collection[str], others: Collection[str] = ()) -> dict[str, object]:
    if not isinstance(value, dict) or not set(needed) <= set(value) <= {*needed, *others}:
        raise _malformed(f"`{what}` is not an object of {', '.join((*needed, *others))}")
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST:
        raise _malformed(f"`{what}` is not a list of 1 to {_MOST} elements")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise _malformed(f"`{what}` is not a text of 1 to {_LONGEST} characters")
    return value


def _malformed(detail: str) -> Refused:
    return Refused(Reason.MALFORMED, f"the template is not one of RFC 9115: {detail}")
