"""A machine that trusts the demonstration's CA, for clients that trust what their system trusts and nothing else."""

from pathlib import Path

from tests.support.clients import run

_CERTIFICATES = "/etc/ssl/certs"


def trusting(bundle: Path, folder: Path) -> tuple[str | Path, ...]:
    """What to write before a command, so that it sees these CAs in the place of the system's; `folder` is made."""
    folder.mkdir()
    (folder / "ca-certificates.crt").write_bytes(bundle.read_bytes())
    end = "-----END CERTIFICATE-----\n"
    for number, part in enumerate(bundle.read_text().split(end)[:-1]):
        (folder / f"{number}.pem").write_text(part + end)
    run("openssl", "rehash", folder)
    return "proot", "-b", f"{folder}:{_CERTIFICATES}"
