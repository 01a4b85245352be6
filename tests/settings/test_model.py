"""The settings as values."""

from pathlib import Path

from emca_daemon.names import IssuerName
from emca_daemon.settings.model import IssuerSettings, Settings


def test_an_issuer_has_its_own_section_or_the_defaults() -> None:
    """`Settings.issuer` never fails: an issuer that the file does not name publishes as the default says."""
    own, shared = IssuerSettings(crl_urls=("http://a/b.crl",)), IssuerSettings(ocsp_urls=("http://a/ocsp",))
    settings = Settings(file=Path("emca.toml"), issuer_defaults=shared, issuers={IssuerName("a"): own})
    assert settings.issuer(IssuerName("a")) is own
    assert settings.issuer(IssuerName("b")) is shared
