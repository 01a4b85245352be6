"""Cross-checks of listeners."""

from pathlib import Path

import pytest

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.checking_listeners import check_listeners
from emca_daemon.settings.model import ListenerSettings, Settings, TlsSettings

ENDPOINT = AcmeSettings(base_url="https://ca.example/acme", profile=ProfileName("tls"))


def findings(*listeners: ListenerSettings, acme: bool = True) -> list[str]:
    """What is wrong with listeners `a`, `b` ... as key and sentence."""
    named = dict(zip("abcd", listeners, strict=False))
    settings = Settings(file=Path("emca.toml"), listeners=named, acme={"main": ENDPOINT} if acme else {})
    return [f"{key}: {expected}" for key, expected in check_listeners(settings)]


def at(address: str, port: int) -> ListenerSettings:
    """A listener there."""
    return ListenerSettings(address=address, port=port, serves=("acme",))


def with_tls(**changes: object) -> ListenerSettings:
    """A listener with TLS as given."""
    tls = TlsSettings(**{"certificate": Path("a.pem"), "key": Path("a.key"), **changes})  # type: ignore[arg-type]
    return ListenerSettings(port=443, serves=("acme",), tls=tls)


def test_listeners_that_fit_are_not_mentioned() -> None:
    """Different ports, different addresses, ports left to the system, and sockets of systemd."""
    assert findings(at("127.0.0.1", 80), at("127.0.0.2", 80), at("127.0.0.1", 81), at("::1", 80)) == []
    assert findings(at("127.0.0.1", 0), at("127.0.0.1", 0)) == []
    first, second = (ListenerSettings(socket=name, serves=("acme",)) for name in ("one", "two"))
    assert findings(first, second, at("0.0.0.0", 80)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (at("127.0.0.1", 80), at("127.0.0.1", 80)),
        (at("0.0.0.0", 80), at("127.0.0.1", 80)),
        (at("::1", 80), at("::", 80)),
        (at("::1", 80), at("0:0::1", 80)),
    ],
)
def test_two_listeners_cannot_be_in_one_place(first: ListenerSettings, second: ListenerSettings) -> None:
    """An address that stands for all of them counts."""
    assert findings(first, second) == ["listeners.b.port: listener `a` is at that address and port already"]


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        (ListenerSettings(), "listeners.a.serves: expected at least one thing to serve"),
        (at("localhost", 80), "listeners.a.address: expected an IP address, found `localhost`"),
        (
            ListenerSettings(socket="x", port=1, serves=("acme",)),
            "listeners.a.port: a listener has a systemd socket or",
        ),
        (ListenerSettings(port=1, serves=("ocsp",)), "acme: no listener serves `acme`"),
        (with_tls(issuer=IssuerName("a")), "listeners.a.tls.issuer: `issuer` and `profile` go together"),
        (with_tls(issuer=IssuerName("a")), "listeners.a.tls.names: expected the names that the issued certificate"),
        (with_tls(names=("a.test",)), "listeners.a.tls.names: names are for a certificate that the daemon issues"),
        (
            with_tls(names=("A.test",)),
            "listeners.a.tls.names: expected host names in lower case, or IP addresses, found",
        ),
        (with_tls(key=Path("a.pem")), "listeners.a.tls.key: the key and the certificate are two files"),
        (with_tls(client_authorities=(Path("c.pem"),)), "listeners.a.tls.client_authorities: client certificates are"),
    ],
)
def test_what_does_not_fit_is_told(listener: ListenerSettings, expected: str) -> None:
    """With its key and what was expected."""
    assert any(finding.startswith(expected) for finding in findings(listener)), findings(listener)


def test_one_socket_is_for_one_listener() -> None:
    """The second listener that names it is told."""
    socket = ListenerSettings(socket="web", serves=("acme",))
    assert findings(socket, socket) == ["listeners.b.socket: listener `a` has that socket already"]


def test_serving_acme_needs_an_endpoint() -> None:
    """And a listener without TLS trouble needs nothing else."""
    expected = "listeners.a.serves: `acme` needs an endpoint, [acme.NAME]"
    assert findings(at("127.0.0.1", 80), acme=False) == [expected]
    issued = with_tls(
        issuer=IssuerName("a"), profile=ProfileName("p"), names=("a.test", "::1"), client_certificates="optional"
    )
    assert findings(issued) == []
