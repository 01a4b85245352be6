"""Cross-checks of challenges by mail."""

from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.names import ProfileName
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.acme_email import AcmeEmailSettings
from emca_daemon.settings.checking_acme_email import check_email
from emca_daemon.settings.corroboration import AcmePerspectiveSettings, AcmePerspectivesSettings
from tests.support.mail import SETTINGS

GOOD = AcmeSettings(
    base_url="https://ca.test/a", profile=ProfileName("smime"), challenges=("email-reply-00",), email=SETTINGS
)


def keys(**changes: object) -> list[str]:
    """The keys found wrong after changes to `email`."""
    email = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    return [key.removeprefix("a.") for key, _ in check_email(replace(GOOD, email=email), "a")]


def test_what_fits_is_accepted() -> None:
    """With challenges by mail and without."""
    assert keys() == []
    assert list(check_email(replace(GOOD, challenges=("dns-01",), email=AcmeEmailSettings()), "a")) == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"address": None}, "address"),
        ({"relay": None}, "relay"),
        ({"authserv_id": None}, "authserv_id"),
        ({"address": "a@B.example"}, "address"),
        ({"address": "a@b.example\nBcc: c@d.example"}, "address"),
        ({"address": "a"}, "address"),
        ({"relay": "*.b.example"}, "relay"),
        ({"relay": "b.example:25"}, "relay"),
        ({"authserv_id": "a; b"}, "authserv_id"),
        ({"relay_user": "a"}, "relay_user"),
        ({"listen_address": "localhost"}, "listen_address"),
        ({"peers": ("10.0.0.1/8",)}, "peers"),
    ],
)
def test_what_does_not_fit_is_found(changes: dict[str, object], key: str) -> None:
    """One by one."""
    assert keys(**changes) == [f"email.{key}"]


def test_passwords_need_tls_and_a_file(tmp_path: Path) -> None:
    """Nothing secret goes out in the clear."""
    file = tmp_path / "password"
    assert keys(relay_user="a", relay_password_file=file) == ["email.relay_password_file"]
    file.write_text("secret")
    file.chmod(0o600)
    assert keys(relay_user="a", relay_password_file=file) == []
    assert keys(relay_user="a", relay_password_file=file, relay_tls="off") == ["email.relay_tls"]


def test_perspectives_see_no_mail() -> None:
    """An endpoint has the one or the other."""
    east = AcmePerspectiveSettings(address="https://east.example:8555", certificate=Path("east.pem"))
    settings = replace(GOOD, perspectives=AcmePerspectivesSettings(remotes={"east": east}))
    assert [key for key, _ in check_email(settings, "a")] == ["a.challenges"]
