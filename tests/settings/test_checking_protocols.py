"""Cross-checks of what is served."""

from pathlib import Path

import pytest

from emca_daemon.names import ProfileName
from emca_daemon.settings.acme import (
    AcmeLimitsSettings,
    AcmeProfileSettings,
    AcmeSettings,
    AcmeStarSettings,
    NetworkSettings,
)
from emca_daemon.settings.attestation import AcmeAttestationSettings
from emca_daemon.settings.checking_protocols import check_protocols
from emca_daemon.settings.model import DownloadsSettings, OcspSettings, Settings


def endpoint(**changes: object) -> AcmeSettings:
    """An ACME endpoint that is fine but for the changes."""
    return AcmeSettings(**{"base_url": "https://ca.example/acme", "profile": ProfileName("tls"), **changes})  # type: ignore[arg-type]


def findings(*endpoints: AcmeSettings, ocsp: str = "/ocsp", crl: str = "/crl") -> list[str]:
    """What is wrong with endpoints `a`, `b` ... as key and sentence."""
    settings = Settings(
        file=Path("emca.toml"),
        acme=dict(zip("abcd", endpoints, strict=False)),
        ocsp=OcspSettings(path=ocsp),
        downloads=DownloadsSettings(crl_path=crl),
    )
    return [f"{key}: {expected}" for key, expected in check_protocols(settings)]


def test_endpoints_that_fit_are_not_mentioned() -> None:
    """Several endpoints on different paths, with everything set."""
    network = NetworkSettings(
        resolvers=("127.0.0.1", "[::1]:53"), hosts=(("*.a.test", "::1"),), allow_networks=("127.0.0.0/8",)
    )
    whole = endpoint(
        base_url="https://ca.example:8443/other/acme",
        terms_of_service="https://ca.example/terms",
        website="http://ca.example",
        caa_identities=("ca.example",),
        profiles={"short": AcmeProfileSettings(profile=ProfileName("tls-short"), description="For a week")},
        limits=AcmeLimitsSettings(documentation="https://ca.example/limits"),
        network=network,
    )
    assert findings(endpoint(), whole) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"base_url": "http://ca.example/acme"}, "acme.a.base_url: expected https://HOST/PATH"),
        ({"base_url": "https://ca.example/acme/"}, "acme.a.base_url: expected https://HOST/PATH"),
        ({"base_url": "https://ca.example"}, "acme.a.base_url: expected https://HOST/PATH"),
        ({"base_url": "https://ca.example/acme?x"}, "acme.a.base_url: expected https://HOST/PATH"),
        ({"base_url": "https://[::1/acme"}, "acme.a.base_url: expected https://HOST/PATH"),
        ({"challenges": ("device-attest-01",)}, "acme.a.attestation: expected roots"),
        ({"attestation": AcmeAttestationSettings(tpm_roots=(Path("r.pem"),))}, "acme.a.attestation: expected roots"),
        ({"terms_of_service": "see below"}, "acme.a.terms_of_service: expected a web address"),
        ({"website": "ftp://ca.example"}, "acme.a.website: expected a web address"),
        ({"challenges": ("dns-persist-01",)}, "acme.a.caa_identities: expected the names"),
        (
            {"caa": "on", "caa_identities": ("ca.example",), "star": AcmeStarSettings(offered=True)},
            "acme.a.star.offered: expected no automatic renewal",
        ),
        ({"caa": "on"}, "acme.a.caa_identities: expected the names"),
        ({"caa_identities": ("*.ca.example",)}, "acme.a.caa_identities: expected domain names in lower case"),
        (
            {"profiles": {"a b": AcmeProfileSettings(profile=ProfileName("tls"), description="x")}},
            "acme.a.profiles.a b: expected a name of letters",
        ),
        (
            {"profiles": {"a": AcmeProfileSettings(profile=ProfileName("../x"), description="x")}},
            "acme.a.profiles.a.profile: expected the name of a profile",
        ),
        ({"limits": AcmeLimitsSettings(documentation="see")}, "acme.a.limits.documentation: expected a web address"),
        ({"network": NetworkSettings(dnssec="required")}, "acme.a.network.resolvers: expected the resolvers that"),
        ({"network": NetworkSettings(resolvers=("dns",))}, "acme.a.network.resolvers: expected ADDRESS or"),
        ({"network": NetworkSettings(allow_networks=("10.0.0.1/8",))}, "acme.a.network.allow_networks: expected a"),
        ({"network": NetworkSettings(hosts=(("A.test", "::1"),))}, "acme.a.network.hosts.A.test: expected a name in"),
        ({"network": NetworkSettings(hosts=(("a.test", "b"),))}, "acme.a.network.hosts.a.test: expected an IP address"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, object], expected: str) -> None:
    """With its key and what was expected."""
    assert [finding for finding in findings(endpoint(**changes)) if finding.startswith(expected)]


@pytest.mark.parametrize("path", ["", "ocsp", "/ocsp/"])
def test_paths_are_plain(path: str) -> None:
    """A slash at the start, none at the end."""
    assert findings(ocsp=path) == [
        f"ocsp.path: expected a path such as /name without a slash at the end, found `{path}`"
    ]


def test_two_things_cannot_be_at_one_path() -> None:
    """Nor can one be below the other, and the paths of health and metrics are taken."""
    assert findings(endpoint(), endpoint(base_url="https://other.example/acme/two")) == [
        "acme.b.base_url: the path `/acme/two` is taken: `acme.a.base_url` is at `/acme`"
    ]
    assert findings(ocsp="/crl/ocsp") == ["downloads.crl_path: the path `/crl` is taken: `ocsp.path` is at `/crl/ocsp`"]
    assert findings(crl="/metrics") == ["downloads.crl_path: the path `/metrics` is taken: `metrics` is at `/metrics`"]
    assert findings(endpoint(base_url="https://ca.example/acme2"), endpoint()) == []


def test_names_of_endpoints_are_plain() -> None:
    """They stand in addresses and logs."""
    settings = Settings(file=Path("emca.toml"), acme={"a b": endpoint()})
    assert [key for key, _ in check_protocols(settings)] == ["acme.a b"]
