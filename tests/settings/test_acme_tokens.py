"""The settings of token authorities, as the file has them."""

from pathlib import Path

from emca_daemon.problems import Problem
from emca_daemon.settings.acme_tokens import AcmeTokenAuthoritySettings
from emca_daemon.toml_reading import read_dataclass


def test_an_authority_needs_its_certificate_only(tmp_path: Path) -> None:
    """What its tokens say of themselves may be left out; the file lies beside the settings."""
    problems: list[Problem] = []
    file = str(tmp_path / "emca.toml")
    read = read_dataclass(AcmeTokenAuthoritySettings, {"certificate": "authority.pem"}, file, "a", problems)
    assert read == AcmeTokenAuthoritySettings(certificate=tmp_path / "authority.pem")
    assert problems == []
    assert read_dataclass(AcmeTokenAuthoritySettings, {"x5u": "https://a.test"}, file, "a", problems) is None
    assert len(problems) == 1
