"""The shape of a certificate: all of it except what a linter's answer cannot depend on.

Left out is only what `policy/invariants.py` and `policy/lint_names.py` check in every single certificate, and as
strictly as the PKIX validators do: the serial number, the times (their encoding stays in), the bits of the key (its
algorithm and length stay in), the subject key identifier, each DNS name among the alternative names, and a common
name that repeats one of those. Everything else is in the shape byte for byte.
"""

from collections.abc import Collection, Iterator
from hashlib import sha256

from emca_daemon.policy.lint_parts import SEQUENCE, SET, ExtensionPart, TbsParts, elements, inside

_COMMON_NAME = bytes.fromhex("550403")
_SUBJECT_KEY_IDENTIFIER = bytes.fromhex("551d0e")
_SUBJECT_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_DNS_NAME = 0x82
_TEXT_TAGS = (0x0C, 0x13, 0x16)
"""UTF8String, PrintableString and IA5String: those in which a DNS name reads the same."""


def shape_of(parts: TbsParts, outer_algorithm: bytes, kind: str) -> bytes:
    """SHA-256 over the shape; two certificates share it only if PKIX validators must answer the same for both.

    `outer_algorithm` is the AlgorithmIdentifier outside the TBSCertificate, `kind` what the certificate is for.
    """
    names = frozenset(_dns_names(parts.extensions))
    digest = sha256()
    for piece in _pieces(parts, names):
        digest.update(len(piece).to_bytes(4, "big"))
        digest.update(piece)
    digest.update(outer_algorithm)
    digest.update(kind.encode())
    return digest.digest()


def _pieces(parts: TbsParts, names: Collection[bytes]) -> Iterator[bytes]:
    """What is in the shape, in order."""
    yield parts.version
    yield parts.algorithm
    yield parts.issuer
    yield b"self-issued" if parts.issuer == parts.subject else b""
    for time in (parts.not_before, parts.not_after):
        yield bytes((time.tag, len(time.content)))
    yield from _subject(parts.subject, names)
    algorithm, bits = elements(inside(parts.key, SEQUENCE))
    yield algorithm.whole
    yield len(bits.content).to_bytes(4, "big")
    for extension in parts.extensions:
        yield from _extension(extension)


def _subject(subject: bytes, names: Collection[bytes]) -> Iterator[bytes]:
    """The distinguished name, with the text of a common name left out where it repeats an alternative name."""
    if _COMMON_NAME not in subject:
        yield subject
        return
    for relative in elements(inside(subject, SEQUENCE)):
        yield bytes((relative.tag,))
        for attribute in elements(inside(relative.whole, SET)):
            kind, value = elements(attribute.content)
            if kind.content == _COMMON_NAME and value.tag in _TEXT_TAGS and value.content.lower() in names:
                yield b"common name" + bytes((value.tag, len(value.content) > 64, b"*" in value.content))
            else:
                yield attribute.whole


def _extension(extension: ExtensionPart) -> Iterator[bytes]:
    """One extension, with key identifier and DNS names left out."""
    yield extension.oid + bytes((extension.critical,))
    if extension.oid == _SUBJECT_KEY_IDENTIFIER:
        yield len(extension.value).to_bytes(4, "big")
    elif extension.oid == _SUBJECT_ALTERNATIVE_NAME:
        for name in elements(inside(extension.value, SEQUENCE)):
            yield b"dns" if name.tag == _DNS_NAME else name.whole
        yield b""
    else:
        yield extension.value


def _dns_names(extensions: Collection[ExtensionPart]) -> Iterator[bytes]:
    """The DNS names among the alternative names."""
    for extension in extensions:
        if extension.oid == _SUBJECT_ALTERNATIVE_NAME:
            for name in elements(inside(extension.value, SEQUENCE)):
                if name.tag == _DNS_NAME:
                    yield name.content
