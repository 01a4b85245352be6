"""Names beneath `.onion`."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.onion import is_onion, onion_problem, service_key, service_of
from tests.support.onion import Service, address_of

KNOWN = "5anebu2glyc235wbbop3m2ukzlaptpkq333vdtdvcjpigyb7x2i2m2qd.onion"
"""The example of RFC 9799."""


def name(text: str, kind: NameType = NameType.DNS) -> AlternativeName:
    """A name."""
    return AlternativeName(kind, text)


@pytest.mark.parametrize("text", [KNOWN, f"a.{KNOWN}", f"a.b.{KNOWN}", f"*.{KNOWN}"])
def test_names_of_a_hidden_service(text: str) -> None:
    """The service's own, those beneath, wildcards."""
    assert onion_problem(name(text)) is None
    assert service_of(name(text)) == KNOWN


def test_the_key_is_in_the_address() -> None:
    """As it was made."""
    service = Service()
    public = service.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert service_key(name(service.address)).public_bytes(Encoding.Raw, PublicFormat.Raw) == public


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("onion", "56 characters"),
        ("example.onion", "56 characters"),
        ("expyuzz4wqqyqhjn.onion", "56 characters"),
        (f"{KNOWN.removesuffix('.onion')}.a.onion", "56 characters"),
        (f"b{KNOWN[1:]}", "checksum"),
        (address_of(bytes(32), checksum=b"\1\1"), "checksum"),
        (address_of(bytes(32), version=2), "version 2"),
        (address_of(bytes(32), version=4), "version 4"),
    ],
)
def test_what_is_no_address_of_version_3(text: str, why: str) -> None:
    """Addresses of version 2 among them."""
    assert why in (onion_problem(name(text)) or "")


def test_which_names_are_meant() -> None:
    """Everything beneath `onion`, nothing else."""
    assert is_onion(name("onion"))
    assert is_onion(name("*.onion"))
    assert not is_onion(name("anonion"))
    assert not is_onion(name("onion.example"))
    assert not is_onion(name("a.onion", NameType.EMAIL))


@given(st.text(max_size=70))
def test_any_text_has_an_answer(text: str) -> None:
    """A key, or a refusal that says what is wrong with the name."""
    problem = onion_problem(name(text + ".onion"))
    assert problem is None or problem.startswith(("is beneath", "is not beneath"))
