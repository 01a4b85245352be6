"""The settings of a label."""

from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.est import EstCertificateSettings, EstHttpSettings, EstKeySettings, EstSettings

NO_OWN = EstCertificateSettings(own="no")
LABEL = EstSettings(profile=ProfileName("device"))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"http": EstHttpSettings(methods=("bearer",))}, "http.tokens"),
        (
            {"authentication": "certificate", "certificates": EstCertificateSettings(own="no")},
            "certificates.authorities",
        ),
        ({"issuer": IssuerName("a"), "next_issuer": IssuerName("a")}, "next_issuer"),
        ({"csr_attributes": ("1.2.840", "x")}, "csr_attributes"),
        ({"csr_attributes": ("1.40",)}, "csr_attributes"),
        ({"csr_attributes": ("1.02",)}, "csr_attributes"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, object], key: str) -> None:
    """By its key."""
    assert [found for found, _ in replace(LABEL, **changes).contradictions()] == [key]  # type: ignore[arg-type]


def test_what_fits_is_not_mentioned() -> None:
    """Tokens with bearers; large arcs below 2."""
    fine = replace(LABEL, http=EstHttpSettings(methods=("bearer",), tokens=Path("t")), csr_attributes=("2.999.1",))
    assert list(fine.contradictions()) == []


def test_whether_anything_is_signed() -> None:
    """Full CMC, and generated keys that are encrypted."""
    assert not LABEL.signs
    assert replace(LABEL, full_cmc=True).signs
    assert replace(LABEL, serverkeygen=EstKeySettings(algorithms=("p-256",))).signs
    assert not replace(LABEL, serverkeygen=EstKeySettings(algorithms=("p-256",), encryption="off")).signs
