"""Which addresses are connected to."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.outbound.addresses import networks, refused_address

PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "223.255.255.255", "2606:4700::1111"]
PUBLIC += ["2a00::1", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    """Unicast addresses of the Internet, and what stands for one."""
    assert refused_address(address) is None


@pytest.mark.parametrize(
    "address",
    [
        *(
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
        ),
        *(
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "127.9.9.9",
        ),
        *("192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"),
        *("64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "2002:7f00:1::", "3fff::1"),
        *("5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "4000::1", "::ffff:169.254.169.254"),
        *("fe80::1%eth0", "2a00::1%1", "", "localhost", "1.2.3", "0x7f000001", "127.0.0.1 "),
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    """Private, local, special and embedded addresses, and what is none."""
    refusal = refused_address(address)
    assert refusal is not None
    assert address in refusal


@pytest.mark.parametrize(
    ("address", "allowed", "reached"),
    [
        ("127.0.0.1", ["127.0.0.0/8"], True),
        ("127.0.0.1", ["127.0.0.1"], True),
        ("127.0.0.2", ["127.0.0.1"], False),
        ("::1", ["127.0.0.0/8"], False),
        ("::1", ["::1/128"], True),
        ("::ffff:10.0.0.1", ["10.0.0.0/8"], True),
        ("64:ff9b::a00:1", ["10.0.0.0/8"], True),
        ("::ffff:10.0.0.1", ["::ffff:0:0/96"], True),
        ("10.1.2.3", ["192.168.0.0/16", "10.1.2.3/8"], True),
        ("nonsense", ["0.0.0.0/0", "::/0"], False),
    ],
)
def test_listed_networks_are_reached(address: str, allowed: list[str], reached: bool) -> None:
    """What the settings list is reached, and no more."""
    assert (refused_address(address, networks(allowed)) is None) is reached


def test_a_network_that_is_none_is_told() -> None:
    """The settings are checked with the same function."""
    with pytest.raises(ValueError, match="does not appear"):
        networks(["10.0.0.0/33"])


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_like_itself(address: IPv4Address) -> None:
    """Writing an IPv4 address as IPv6 gains nothing."""
    number = int(address)
    refused = refused_address(str(address)) is not None
    for prefix in ("::ffff:", "64:ff9b::"):
        embedded = f"{prefix}{number >> 16:x}:{number & 0xFFFF:x}"
        assert (refused_address(embedded) is not None) is refused
    assert (refused_address(f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1") is not None) is refused


@given(st.text(max_size=60))
def test_no_text_breaks_it(address: str) -> None:
    """Any text is reached or refused."""
    refused_address(address, networks(["10.0.0.0/8"]))
