"""Reading mail from strangers: fields, one address, the plain text (RFC 5322, RFC 2045, RFC 2047); limits on all of it.

Far less than mail allows is understood here: what an honest client sends, and nothing by guessing.
"""

import binascii
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header

from emca_daemon.errors import Reason, Refused

MAX_HEADER = 65_536
"""Octets of all header fields together."""

_MAX_FIELDS = 250
_MAX_VALUE = 8_192
_MAX_PARTS = 20
_MAX_DEPTH = 3
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*=\s*("[^"\\]*"|[^\s;"]+)')
_ANGLED = re.compile(r'(?:"(?:[^"\\]|\\.)*"[ \t]*|[^<>",@;:()\\]*)<([^<>\s,;]+)>')
_BARE = re.compile(r"[^<>\s,;:\"()\\]+")
_ANY_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")
_CHARSETS = frozenset({"us-ascii", "ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"})


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields in their order: names in lower case, values unfolded."""

    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for other, value in self.fields if other == name]

    def one(self, name: str) -> str:
        """The value of a field that must be there once; raises Refused(MALFORMED)."""
        values = self.all(name)
        if len(values) != 1:
            raise _malformed(f"the mail has {len(values)} fields `{name}`, not one")
        return values[0]


def read_mail(raw: bytes) -> tuple[Fields, bytes]:
    """Header fields and body; raises Refused(MALFORMED)."""
    text = raw.replace(b"\r\n", b"\n")
    head, _, body = (b"\n" + text).partition(b"\n\n")
    return _fields(head.removeprefix(b"\n")), body


def _fields(head: bytes) -> Fields:
    if len(head) > MAX_HEADER:
        raise _malformed(f"the header is longer than {MAX_HEADER} octets")
    found: list[list[str]] = []
    for line in head.decode("utf-8", "replace").split("\n"):
        if line[:1] in {" ", "\t"} and found:
            found[-1].append(line)
        elif line:
            found.append([line])
    if len(found) > _MAX_FIELDS:
        raise _malformed(f"there are more than {_MAX_FIELDS} header fields")
    fields = []
    for lines in found:
        match = _FIELD.fullmatch("".join(lines))
        if match is None:
            raise _malformed("a header field has no name")
        fields.append((match[1].lower(), match[2].strip()[:_MAX_VALUE]))
    return Fields(tuple(fields))


def decoded(value: str) -> str:
    """A field's text with its encoded words (RFC 2047) as what they stand for; as it is where they cannot be read."""
    try:
        parts = decode_header(value)
        texts = [part if isinstance(part, str) else part.decode(name or "ascii", "replace") for part, name in parts]
    except (HeaderParseError, LookupError, ValueError):
        return value
    return "".join(texts)


def single_address(value: str) -> str:
    """The one mailbox in a From field, its domain in lower case; raises Refused(MALFORMED) where it is not just one."""
    text = value.strip()
    angled = _ANGLED.fullmatch(text) if len(text) <= 1_000 else None
    address = angled[1] if angled else text
    local, at, domain = address.rpartition("@")
    if len(text) > 1_000 or not at or "@" in local or not _BARE.fullmatch(address):
        raise _malformed("the field `from` does not hold one address")
    return f"{local}@{domain.lower()}"


def addresses(values: Sequence[str]) -> set[str]:
    """Everything in these fields that looks like an address, in lower case."""
    return {found.lower() for value in values for found in _ANY_ADDRESS.findall(value)}


def plain_text(fields: Fields, body: bytes, depth: int = 0) -> str:
    """The first text/plain of a mail; raises Refused(MALFORMED) where there is none, as in mails of HTML only."""
    found = _text(fields, body, depth)
    if found is None:
        raise _malformed("the mail has no text/plain part")
    return found


def _text(fields: Fields, body: bytes, depth: int) -> str | None:
    kind, parameters = _content_type(fields)
    if kind == "text/plain":
        return _decoded_body(fields, body, parameters.get("charset", "us-ascii").lower())
    if not kind.startswith("multipart/"):
        return None
    if depth == _MAX_DEPTH:
        raise _malformed("the parts of the mail are nested too deeply")
    for part in _parts(body, parameters.get("boundary", "")):
        inner, content = read_mail(part)
        found = _text(inner, content, depth + 1)
        if found is not None:
            return found
    return None


def _content_type(fields: Fields) -> tuple[str, dict[str, str]]:
    values = fields.all("content-type")
    if not values:
        return "text/plain", {}
    value = values[0]
    parameters = {name.lower(): text.strip('"') for name, text in _PARAMETER.findall(value)}
    return value.partition(";")[0].strip().lower(), parameters


def _parts(body: bytes, boundary: str) -> list[bytes]:
    """The parts of a multipart body (RFC 2046 5.1.1)."""
    if not 0 < len(boundary) <= 70:
        raise _malformed("a multipart has no boundary")
    mark = b"\n--" + boundary.encode("utf-8", "replace")
    parts = (b"\n" + body).split(mark, _MAX_PARTS + 1)[1 : _MAX_PARTS + 1]
    return [part.partition(b"\n")[2] for part in parts if not part.startswith(b"--")]


def _decoded_body(fields: Fields, body: bytes, charset: str) -> str:
    encoding = "".join(fields.all("content-transfer-encoding")[:1]).strip().lower()
    if encoding == "quoted-printable":
        body = quopri.decodestring(body)
    elif encoding == "base64":
        try:
            body = binascii.a2b_base64(body)
        except binascii.Error as error:
            raise _malformed("a part of the mail is no base64") from error
    elif encoding not in {"", "7bit", "8bit", "binary"}:
        raise _malformed("a part of the mail has an unknown encoding")
    return body.decode(charset if charset in _CHARSETS else "us-ascii", "replace")


def _malformed(detail: str) -> Refused:
    return Refused(Reason.MALFORMED, detail)
