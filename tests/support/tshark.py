"""tshark as a decoder of CMP that shares nothing with ours: messages go in as HTTP answers, what it says comes out."""

import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_RAW_IP = 101
_HERE = bytes((127, 0, 0, 1))
_WARNING = 0x600000
"""The severity from which on tshark means it: warnings, and errors such as malformed packets."""


@dataclass(frozen=True)
class Seen:
    """One message as tshark sees it: PKIBody's tag, the transaction, and all that it finds wrong."""

    body: int | None
    transaction_id: str
    complaints: tuple[str, ...]


def seen(messages: Sequence[bytes], folder: Path) -> list[Seen]:
    """What tshark makes of each message."""
    capture = folder / "messages.pcap"
    capture.write_bytes(_capture(messages))
    fields = ("cmp.body", "cmp.transactionID", "_ws.expert.message", "_ws.expert.severity")
    options = [word for field in fields for word in ("-e", field)]
    lines = _tshark(capture, "-T", "fields", "-E", "aggregator=|", *options)
    assert len(lines) == len(messages)
    found = []
    for line in lines:
        bodies, transactions, texts, severities = (field.split("|") for field in line.split("\t"))
        complaints = [text for text, severity in zip(texts, severities, strict=True) if int(severity or 0) >= _WARNING]
        # Each message inside of another one has a body of its own: the outermost comes first.
        found.append(Seen(int(bodies[0]) if bodies[0] else None, transactions[0], tuple(complaints)))
    return found


def _tshark(capture: Path, *options: str) -> list[str]:
    done = subprocess.run(
        ["tshark", "-n", "-2", "-r", str(capture), *options], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


def _capture(messages: Sequence[bytes]) -> bytes:
    """A capture file with one TCP segment a message; nothing was ever sent."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, _RAW_IP)]
    for number, message in enumerate(messages):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/pkixcmp\r\nContent-Length: {len(message)}\r\n\r\n"
        answer = head.encode() + message
        segment = struct.pack(">HHIIBBHHH", 80, 40_000 + number, 1, 1, 0x50, 0x18, 65_535, 0, 0) + answer
        packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), number, 0, 64, 6, 0) + _HERE + _HERE + segment
        parts += [struct.pack("<IIII", number, 0, len(packet), len(packet)), packet]
    return b"".join(parts)
