"""Checks of token authorities."""

from pathlib import Path

import pytest

from emca_daemon.names import ProfileName
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.acme_tokens import AcmeTokenAuthoritySettings
from emca_daemon.settings.checking_tokens import check_tokens

TAKEN = ("http-01", "tkauth-01")


def authority(**changes: str) -> AcmeTokenAuthoritySettings:
    """An authority."""
    return AcmeTokenAuthoritySettings(certificate=Path("authority.pem"), **changes)


def findings(**changes: object) -> list[str]:
    """What is wrong with an endpoint."""
    given = {"base_url": "https://ca.example/acme", "profile": ProfileName("stir"), **changes}
    return [f"{key}: {expected}" for key, expected in check_tokens(AcmeSettings(**given), "acme.a")]  # type: ignore[arg-type]


def test_settings_that_fit_are_not_mentioned() -> None:
    """None at all, and several authorities."""
    one, other = authority(x5u="https://one.test/cert"), authority(issuer="other", x5u="https://other.test/cert")
    assert findings() == []
    assert findings(challenges=TAKEN, token_authorities={"one": one, "other": other, "third": authority()}) == []
    assert findings(challenges=TAKEN, token_authorities={"one": one}, token_authority="https://one.test/") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"challenges": TAKEN}, "acme.a.token_authorities: expected the authorities"),
        ({"token_authorities": {"a": authority()}}, "acme.a.token_authorities: expected tkauth-01 among"),
        ({"token_authority": "http://a.test"}, "acme.a.token_authority: expected an https address"),
        (
            {"challenges": TAKEN, "token_authorities": {"a": authority(x5u="http://a.test")}},
            "acme.a.token_authorities.a.x5u: expected an https address",
        ),
        (
            {"challenges": TAKEN, "token_authorities": {"a": authority(issuer="i"), "b": authority(issuer="i")}},
            "acme.a.token_authorities: expected an `issuer` of its own",
        ),
        ({"challenges": TAKEN, "token_authorities": {"a b": authority()}}, "acme.a.token_authorities.a b: expected"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, object], expected: str) -> None:
    """With its key and what was expected."""
    assert [finding for finding in findings(**changes) if finding.startswith(expected)]
