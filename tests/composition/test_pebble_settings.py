"""Pebble's configuration as settings of our own."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from emca_daemon.composition.pebble_settings import (
    LEAF_PROFILE,
    PebblePlan,
    known_hosts,
    profiles_of,
    resolver_of,
    settings_of,
)
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from emca_daemon.settings.chaos import ChaosSettings
from emca_daemon.settings.pebble import PebbleEnvironment, PebbleProfile, PebbleSettings, Place

ISSUER = IssuerName("intermediate-0")
LEAST = PebbleSettings(certificate=Path("cert.pem"), private_key=Path("key.pem"))


def plan(
    environment: PebbleEnvironment | None = None, resolvers: tuple[str, ...] = (), **changes: object
) -> PebblePlan:
    """A plan with these changes to the least configuration."""
    settings = replace(LEAST, **changes)  # type: ignore[arg-type]
    return PebblePlan(Path("/pebble.json"), settings, environment or PebbleEnvironment(), resolvers)


def test_the_usual_case() -> None:
    """A demonstration in memory on every address, without a management interface."""
    settings = settings_of(plan(), ISSUER)
    assert settings.demo
    assert settings.store.url == "sqlite:///:memory:"
    (listener,) = settings.listeners.values()
    assert (listener.address, listener.port, listener.serves) == ("0.0.0.0", 14_000, ("acme",))
    assert listener.tls is not None
    assert listener.tls.certificate == Path("cert.pem")
    endpoint = settings.acme["pebble"]
    assert (endpoint.http_port, endpoint.tls_port, endpoint.orders_per_page) == (5002, 5001, 3)
    assert not endpoint.always_valid
    assert ("localhost", "127.0.0.1") in endpoint.network.hosts
    expected = ChaosSettings(bad_nonces=0.05, slow_validations=timedelta(seconds=5), forgotten_authorizations=0.5)
    assert settings.chaos == expected


def test_everything_else() -> None:
    """Management, OCSP, external accounts, profiles, DNS server, and no chaos."""
    calm = PebbleEnvironment(always_valid=True, sleep_seconds=0, nonce_reject=0, authz_reuse=100)
    asked = plan(
        calm,
        ("127.0.0.1:8053",),
        listen_address=Place("localhost", 1),
        management_listen_address=Place("::1", 2),
        ocsp_responder_url="http://127.0.0.1:4002",
        external_account_binding_required=True,
        profiles={"short": PebbleProfile(validity_period=60), "default": PebbleProfile(description="As ever")},
    )
    settings = settings_of(asked, ISSUER)
    assert settings.listeners["acme"].address == "127.0.0.1"
    assert settings.listeners["management"].address == "::1"
    assert settings.issuer_defaults.ocsp_urls == ("http://127.0.0.1:4002",)
    assert not settings.chaos.at_work
    endpoint = settings.acme["pebble"]
    assert endpoint.always_valid
    assert endpoint.network.resolvers == ("127.0.0.1:8053",)
    assert endpoint.network.hosts == ()
    assert endpoint.external_accounts == "required"
    assert endpoint.profile == "pebble-leaf-default"
    assert endpoint.profiles["short"].description == "short"
    optional = settings_of(plan(external_account_mac_keys={"kid": "secret"}), ISSUER)
    assert optional.acme["pebble"].external_accounts == "optional"


def test_profiles() -> None:
    """The validity in seconds, and names that are blocked with all beneath them."""
    asked = plan(domain_blocklist=("blocked.example",), profiles={"short": PebbleProfile(validity_period=60)})
    profiles = profiles_of(asked)
    short = profiles[asked.usual_profile]
    assert (short.validity.duration, short.validity.backdate) == (timedelta(seconds=60), timedelta(seconds=6))
    assert short.names.dns is not None
    assert [pattern.text for pattern in short.names.dns.excluded] == ["blocked.example", ".blocked.example"]
    assert profiles[LEAF_PROFILE].validity.duration == timedelta(seconds=157_766_400)
    with pytest.raises(Refused) as refusal:
        profiles_of(plan(domain_blocklist=("no domain",)))
    assert refusal.value.reason is Reason.MALFORMED


def test_resolvers() -> None:
    """An address, this machine where none is said, or a host that is known."""
    assert resolver_of("192.0.2.1:53") == "192.0.2.1:53"
    assert resolver_of(":8053") == "127.0.0.1:8053"
    assert resolver_of("[::1]:53") == "[::1]:53"
    assert resolver_of("localhost:53") == "127.0.0.1:53"
    with pytest.raises(Refused) as refusal:
        resolver_of("192.0.2.1")
    assert refusal.value.reason is Reason.MALFORMED


def test_unknown_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Are said to be unknown."""

    def unknown(_host: str) -> str:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.gethostbyname", unknown)
    with pytest.raises(Refused) as refusal:
        resolver_of("nowhere.example:53")
    assert refusal.value.reason is Reason.UNAVAILABLE


def test_the_hosts_file(tmp_path: Path) -> None:
    """Names with their addresses; comments and nonsense passed over, IPv4 before IPv6."""
    file = tmp_path / "hosts"
    file.write_text("# c\n\n192.0.2.1 a.example A # b\n::1 a.example localhost ip6\n192.0.2.2 ip6\nx y\n")
    assert dict(known_hosts(file)) == {
        "localhost": "127.0.0.1",
        "a.example": "192.0.2.1",
        "a": "192.0.2.1",
        "ip6": "192.0.2.2",
    }
    assert known_hosts(tmp_path / "none") == (("localhost", "127.0.0.1"),)
