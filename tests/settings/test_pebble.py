"""Pebble's configuration."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.pebble import (
    PebbleEnvironment,
    PebbleProfile,
    PebbleSettings,
    Place,
    RetryAfterSettings,
    read_pebble,
)

LEAST = {"certificate": "cert.pem", "privateKey": "/etc/key.pem"}


def read(folder: Path, **changes: object) -> PebbleSettings:
    """A file with these keys."""
    file = folder / "pebble.json"
    file.write_text(json.dumps({"pebble": {**LEAST, **changes}}))
    return read_pebble(file, Path("/somewhere"))


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    """Certificate and key; everything else has Pebble's own values, and paths start in the current folder."""
    found = read(tmp_path)
    assert found.certificate == Path("/somewhere/cert.pem")
    assert found.private_key == Path("/etc/key.pem")
    assert found.listen_address == Place("", 14000)
    assert found.management_listen_address is None
    assert (found.http_port, found.tls_port) == (5002, 5001)
    assert found.retry_after == RetryAfterSettings(authz=3, order=5)


def test_every_key(tmp_path: Path) -> None:
    """As Pebble's example files have them, in any case; unknown ones and null are passed over."""
    found = read(
        tmp_path,
        LISTENADDRESS=":1400",
        managementListenAddress="[::1]:1500",
        httpPort=80,
        tlsPort=443,
        ocspResponderURL="http://ocsp.example/",
        externalAccountBindingRequired=True,
        externalAccountMACKeys={"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"},
        domainBlocklist=["blocked-domain.example"],
        certificateValidityPeriod=3600,
        retryAfter={"authz": 1, "Order": 2},
        keyAlgorithm="ecdsa",
        profiles={"default": {"description": "The usual", "validityPeriod": 7776000}, "Short": {"validityPeriod": 60}},
        somethingNew=1,
        domainblocklist=None,
    )
    assert found.listen_address == Place("", 1400)
    assert str(found.listen_address) == ":1400"
    assert str(found.management_listen_address) == "[::1]:1500"
    assert (found.http_port, found.tls_port) == (80, 443)
    assert found.external_account_binding_required
    assert list(found.external_account_mac_keys) == ["kid-1"]
    assert "zWND" not in repr(found)
    assert found.retry_after == RetryAfterSettings(authz=1, order=2)
    assert found.profiles["Short"] == PebbleProfile(validity_period=60)
    assert found.profiles["default"].description == "The usual"


@pytest.mark.parametrize("address", ["", None])
def test_no_management(tmp_path: Path, address: str | None) -> None:
    """An empty address or null turns it off."""
    assert read(tmp_path, managementListenAddress=address).management_listen_address is None


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"listenAddress": "14000"}, "pebble.listen_address"),
        ({"listenAddress": "x:99999"}, "pebble.listen_address"),
        ({"httpPort": "5002"}, "pebble.http_port"),
        ({"tlsPort": 0}, "pebble.tls_port"),
        ({"retryAfter": 3}, "pebble.retry_after"),
        ({"retryAfter": {"authz": -1}}, "pebble.retry_after.authz"),
        ({"profiles": {"a": 1}}, "pebble.profiles.a"),
        ({"profiles": []}, "pebble.profiles"),
        ({"certificate": ""}, "pebble.certificate"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, object], key: str) -> None:
    """By its place."""
    with pytest.raises(Refused) as refusal:
        read(tmp_path, **changes)
    assert [mismatch.field for mismatch in refusal.value.mismatches] == [key]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pebble": 1}', "[" * 100_000, " " * 2_000_000])
def test_other_files(tmp_path: Path, content: str) -> None:
    """What is no configuration at all."""
    file = tmp_path / "pebble.json"
    file.write_text(content)
    with pytest.raises(Refused) as refusal:
        read_pebble(file, tmp_path)
    assert refusal.value.reason is Reason.MALFORMED
    with pytest.raises(Refused) as refusal:
        read_pebble(tmp_path / "none.json", tmp_path)
    assert refusal.value.reason is Reason.UNAVAILABLE


@given(st.dictionaries(st.text(), st.text()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_any_names_and_values(tmp_path: Path, changes: dict[str, str]) -> None:
    """Read or refused."""
    with suppress(Refused):
        read(tmp_path, **changes)


def test_the_environment_s_defaults() -> None:
    """Pebble rejects 5 % of nonces, uses half of the authorizations again, and sleeps before it validates."""
    found = PebbleEnvironment.of({})
    assert found == PebbleEnvironment()
    assert (found.nonce_reject, found.authz_reuse, found.sleep_seconds, found.always_valid) == (5, 50, 5, False)


def test_the_environment() -> None:
    """Every variable; what is no number, or too small, counts as not said."""
    said = {
        "PEBBLE_VA_NOSLEEP": "1",
        "PEBBLE_VA_ALWAYS_VALID": "1",
        "PEBBLE_WFE_NONCEREJECT": "0",
        "PEBBLE_AUTHZREUSE": "100",
        "PEBBLE_ALTERNATE_ROOTS": "2",
        "PEBBLE_CHAIN_LENGTH": "3",
        "PEBBLE_WFE_ORDERS_PER_PAGE": "15",
    }
    assert PebbleEnvironment.of(said) == PebbleEnvironment(
        always_valid=True,
        sleep_seconds=0,
        nonce_reject=0,
        authz_reuse=100,
        alternate_roots=2,
        chain_length=3,
        orders_per_page=15,
    )
    odd = {"PEBBLE_VA_SLEEPTIME": "0", "PEBBLE_CHAIN_LENGTH": "x", "PEBBLE_WFE_NONCEREJECT": "-1"}
    assert PebbleEnvironment.of(odd) == PebbleEnvironment()
    assert PebbleEnvironment.of({"PEBBLE_VA_SLEEPTIME": "2"}).sleep_seconds == 2
    assert PebbleEnvironment.of({"PEBBLE_WFE_NONCEREJECT": "300"}).nonce_reject == 100
