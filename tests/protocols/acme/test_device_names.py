"""Identifiers of devices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1.names import alternative_name, general_name
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.device_names import device_identifier, is_device, read_device_name
from emca_daemon.protocols.acme.errors import AcmeRefusal

SERIALS = st.text(st.characters(exclude_characters="/\x7f", exclude_categories=("Cc", "Cs")), min_size=1, max_size=200)
OIDS = st.sampled_from(["0.1", "1.2.3.4", "1.39.128", "2.999.16384", "2.23.133.1.2", "2.0.0"])


@given(st.sampled_from(["permanent-identifier", "hardware-module"]), SERIALS, OIDS)
def test_there_and_back(kind: str, serial: str, oid: str) -> None:
    """Through the certificate's name."""
    name = read_device_name(kind, f"{serial}/{oid}")
    assert name is not None
    assert is_device(name)
    assert alternative_name(general_name(name)) == name
    assert device_identifier(name) == (kind, f"{serial}/{oid}")


def test_as_certificates_write_them() -> None:
    """PermanentIdentifier and HardwareModuleName, octet for octet."""
    found = read_device_name("permanent-identifier", "AB12"), read_device_name("hardware-module", "AB/1.2.3")
    assert [one and one.value for one in found] == [
        "1.3.6.1.5.5.7.8.3:30060c0441423132",
        "1.3.6.1.5.5.7.8.4:300806022a0304024142",
    ]
    assert device_identifier(AlternativeName(NameType.OTHER, "1.3.6.1.5.5.7.8.3:30060c0441423132")) == (
        "permanent-identifier",
        "AB12",
    )


@pytest.mark.parametrize(
    "value", ["", "/1.2.3", "a/b", "a/1.2/3", "a/3.1.2", "a\x00b", "x" * 256, "a/1.99.1", "a\ud800"]
)
def test_odd_values_are_malformed(value: str) -> None:
    """Of either type."""
    for kind in ("permanent-identifier", "hardware-module"):
        with pytest.raises(AcmeRefusal) as refused:
            read_device_name(kind, value)
        assert refused.value.problem.type == "malformed"


def test_a_hardware_module_has_a_type() -> None:
    """There is no HardwareModuleName without one."""
    with pytest.raises(AcmeRefusal):
        read_device_name("hardware-module", "AB")


def test_other_names_are_no_devices() -> None:
    """Names of hosts, other otherNames, and devices' that cannot be read."""
    assert read_device_name("dns", "a.example") is None
    assert not is_device(AlternativeName(NameType.DNS, "a.example"))
    for value in ("1.2.3:0c0141", "1.3.6.1.5.5.7.8.3:0c0141", "1.3.6.1.5.5.7.8.3:30030c01ff", "1.3.6.1.5.5.7.8.4:3000"):
        assert device_identifier(AlternativeName(NameType.OTHER, value)) is None
