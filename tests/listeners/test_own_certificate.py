"""The daemon's own TLS certificates."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from emca_daemon.errors import Refused
from emca_daemon.listeners.own_certificate import renew_own_certificate, write_private
from emca_daemon.names import ProfileName
from emca_daemon.policy.facts import Requester
from emca_daemon.settings.model import TlsSettings
from tests.support.ca_world import ISSUING, World

DAEMON = Requester("daemon", "daemon", "local", "daemon", "d")


def settings(folder: Path, *names: str) -> TlsSettings:
    """A listener's certificate for these names, issued by the CA itself."""
    return TlsSettings(
        certificate=folder / "tls" / "cert.pem",
        key=folder / "tls" / "key.pem",
        issuer=ISSUING,
        profile=ProfileName("tls-server-internal"),
        names=names or ("localhost", "127.0.0.1", "::1"),
    )


def renew(world: World, wanted: TlsSettings) -> bool:
    """One look at the listener's certificate."""
    return renew_own_certificate(wanted, world.enrollment, DAEMON, world.clock)


def test_it_is_issued_once_and_renewed_in_time(tmp_path: Path) -> None:
    """Missing: issued. Good: left alone. Two thirds of its life over: a new one with a new key."""
    world, wanted = World().with_issuers(), settings(tmp_path)
    assert renew(world, wanted)
    assert not renew(world, wanted)
    chain = x509.load_pem_x509_certificates(wanted.certificate.read_bytes())
    chain[0].verify_directly_issued_by(chain[1])
    key = wanted.key.read_bytes()
    assert load_pem_private_key(key, None).public_key() == chain[0].public_key()
    assert wanted.key.stat().st_mode & 0o777 == 0o600
    world.clock.advance(days=61)
    assert renew(world, wanted)
    assert wanted.key.read_bytes() != key


def test_other_names_make_another_certificate(tmp_path: Path) -> None:
    """The settings decide, and a file that cannot be read counts as none."""
    world = World().with_issuers()
    assert renew(world, settings(tmp_path))
    assert renew(world, settings(tmp_path, "localhost"))
    settings(tmp_path).certificate.write_text("garbage")
    assert renew(world, settings(tmp_path, "localhost"))


def test_files_that_do_not_belong_together_are_written_anew(tmp_path: Path) -> None:
    """A crash between the two leaves a new key beside an old certificate; a key under a passphrase is none of ours."""
    world, wanted = World().with_issuers(), settings(tmp_path)
    assert renew(world, wanted)
    other = ec.generate_private_key(ec.SECP256R1())
    for encryption in (NoEncryption(), BestAvailableEncryption(b"secret")):
        wanted.key.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        assert renew(world, wanted)
        assert not renew(world, wanted)


def test_a_certificate_from_elsewhere_is_left_alone(tmp_path: Path) -> None:
    """Without issuer and profile the files are somebody else's."""
    world = World().with_issuers()
    assert not renew(world, replace(settings(tmp_path), issuer=None, profile=None))
    assert list(tmp_path.iterdir()) == []


def test_policy_decides_here_too(tmp_path: Path) -> None:
    """A name that the profile refuses gets no certificate; nor does a profile that waits for a person hang."""
    world = World().with_issuers()
    with pytest.raises(Refused):
        renew(world, settings(tmp_path, "bad..name"))
    assert not settings(tmp_path).key.exists()
    world.profiles[ProfileName("tls-server-internal")] = replace(
        world.profiles[ProfileName("tls-server-internal")], issuer=None, approval="manual"
    )
    assert renew(World(world.profiles).with_issuers(), settings(tmp_path))


def test_files_are_replaced_at_once(tmp_path: Path) -> None:
    """Readable by the owner only, whatever was there."""
    path = tmp_path / "x"
    path.write_text("old")
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]
