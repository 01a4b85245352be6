"""Cross-checks of EST."""

from pathlib import Path

import pytest

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.checking_est import check_est
from emca_daemon.settings.checking_listeners import check_listeners
from emca_daemon.settings.est import OPERATIONS, EstHttpSettings, EstKeySettings, EstSettings
from emca_daemon.settings.model import ListenerSettings, Settings, TlsSettings

DEVICE = ProfileName("device")


def findings(label: str = "default", **given: object) -> list[str]:
    """The keys of a label that are wrong."""
    chosen = EstSettings(**{"profile": DEVICE, **given})  # type: ignore[arg-type]
    return [key for key, _ in check_est(Settings(file=Path("emca.toml"), est={label: chosen}))]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_label_is_no_operation(operation: str) -> None:
    """RFC 7030 3.2.2: a path could mean two things."""
    assert findings(operation) == [f"est.{operation}"]
    assert findings("iot") == []


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"profile": ProfileName("a/b")}, "profile"),
        ({"issuer": IssuerName("")}, "issuer"),
        ({"next_issuer": IssuerName("a b")}, "next_issuer"),
        ({"http": EstHttpSettings(realm='a"b')}, "http.realm"),
        ({"http": EstHttpSettings(realm="a\\b")}, "http.realm"),
        ({"http": EstHttpSettings(realm="Geräte")}, "http.realm"),
        ({"serverkeygen": EstKeySettings(encryption="required")}, "serverkeygen.algorithms"),
    ],
)
def test_what_does_not_fit_is_told(given: dict[str, object], key: str) -> None:
    """By its key."""
    assert findings("default", **given) == [f"est.default.{key}"]


def listeners(tls: TlsSettings | None, *, authentication: str = "either", est: bool = True) -> list[str]:
    """The keys of a listener for EST that are wrong."""
    chosen = {"default": EstSettings(profile=DEVICE, authentication=authentication)} if est else {}
    listener = ListenerSettings(port=1, serves=("est",), tls=tls)
    return [key for key, _ in check_listeners(Settings(file=Path("e"), est=chosen, listeners={"a": listener}))]


def test_a_listener_for_est_has_tls_and_asks_for_certificates() -> None:
    """Where a label wants them; `any` takes no authorities."""
    plain = TlsSettings(certificate=Path("a"), key=Path("b"))
    asking = TlsSettings(certificate=Path("a"), key=Path("b"), client_certificates="any")
    naming = TlsSettings(
        certificate=Path("a"), key=Path("b"), client_certificates="any", client_authorities=(Path("c"),)
    )
    assert listeners(None) == ["listeners.a.tls"]
    assert listeners(plain) == listeners(asking, authentication="both") == []
    assert listeners(plain, authentication="both") == ["listeners.a.tls.client_certificates"]
    assert listeners(naming) == ["listeners.a.tls.client_authorities"]
    assert listeners(asking, est=False) == ["listeners.a.serves"]


def test_a_label_is_served_somewhere() -> None:
    """As an ACME endpoint is."""
    listener = ListenerSettings(port=1, serves=("health",))
    settings = Settings(file=Path("e"), est={"a": EstSettings(profile=DEVICE)}, listeners={"a": listener})
    assert [key for key, _ in check_listeners(settings)] == ["est"]
