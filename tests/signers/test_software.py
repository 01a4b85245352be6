"""Tests of the signer whose keys are encrypted files."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.signers.algorithms import ALGORITHMS
from emca_daemon.signers.software import SoftwareKeys
from tests.contracts.signer_contract import SignerContract

SECRET = "correct horse battery staple"
QUICK = [name for name in ALGORITHMS if not name.startswith("rsa-")] + ["rsa-2048"]


@pytest.fixture
def opener(tmp_path: Path) -> Callable[[], SoftwareKeys]:
    """Opens a signer on the same folder, again and again."""
    (tmp_path / "passphrase").write_text(SECRET + "\n", encoding="utf-8")
    return lambda: SoftwareKeys("soft", tmp_path / "keys", tmp_path / "passphrase")


@pytest.fixture
def keys(opener: Callable[[], SoftwareKeys]) -> SoftwareKeys:
    """A signer with an empty folder."""
    return opener()


def refusal_of(keys: SoftwareKeys, name: str) -> Refused:
    """The refusal of a key."""
    with pytest.raises(Refused) as refusal:
        keys.get(KeyName(name))
    return refusal.value


class TestSoftware(SignerContract):
    """The contract, with every algorithm that is quick to make."""

    @pytest.fixture(params=QUICK)
    def algorithm(self, request: pytest.FixtureRequest) -> str:
        """One algorithm after the other."""
        return str(request.param)

    @pytest.fixture
    def unique(self) -> str:
        """A name that no key has yet."""
        return "soft:contract"

    @pytest.fixture
    def reopen(self, opener: Callable[[], SoftwareKeys]) -> Callable[[], SoftwareKeys]:
        """Opens another signer on the same keys."""
        return opener


def test_key_files_are_private_and_encrypted(keys: SoftwareKeys, tmp_path: Path) -> None:
    """Only the owner may read them, nothing is left beside them, and they open with the passphrase alone."""
    key = keys.generate(KeyName("soft:one"), "p-256")
    (path,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    read = serialization.load_pem_private_key(path.read_bytes(), SECRET.encode())
    assert read.public_key() == key.public_key()


def test_a_key_is_decrypted_once(keys: SoftwareKeys, opener: Callable[[], SoftwareKeys], tmp_path: Path) -> None:
    """The second look-up needs neither file nor passphrase."""
    keys.generate(KeyName("soft:one"), "p-256")
    again = opener()
    first = again.get(KeyName("soft:one"))
    (tmp_path / "keys" / "one.pem").unlink()
    (tmp_path / "passphrase").unlink()
    assert again.get(KeyName("soft:one")) is first


def test_a_wrong_passphrase_is_said_without_the_secret(
    keys: SoftwareKeys, opener: Callable[[], SoftwareKeys], tmp_path: Path
) -> None:
    """The signer is unavailable, its message names the files and holds neither passphrase."""
    keys.generate(KeyName("soft:one"), "p-256")
    (tmp_path / "passphrase").write_text("not it", encoding="utf-8")
    again = opener()
    refused = refusal_of(again, "soft:one")
    assert refused.reason is Reason.UNAVAILABLE
    assert "passphrase" in refused.detail
    assert again.list() == [("soft:one", "unreadable")]
    for text in (str(refused), repr(refused), again.check(), repr(again), repr(vars(again))):
        assert "not it" not in text
        assert SECRET not in text
    assert refused.__cause__ is None


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 70_000])
def test_unusable_passphrases_make_it_unavailable(keys: SoftwareKeys, tmp_path: Path, content: bytes) -> None:
    """An empty or huge file is no passphrase."""
    (tmp_path / "passphrase").write_bytes(content)
    with pytest.raises(Refused) as refusal:
        keys.generate(KeyName("soft:one"), "p-256")
    assert refusal.value.reason is Reason.UNAVAILABLE
    assert "empty or longer" in keys.check()


def test_a_missing_passphrase_makes_it_unavailable(keys: SoftwareKeys, tmp_path: Path) -> None:
    """And says which file is missing."""
    (tmp_path / "passphrase").unlink()
    assert "passphrase" in keys.check()
    with pytest.raises(Refused) as refusal:
        keys.generate(KeyName("soft:one"), "p-256")
    assert refusal.value.reason is Reason.UNAVAILABLE
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("content", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"])
def test_spoilt_files_are_unavailable(keys: SoftwareKeys, tmp_path: Path, content: bytes) -> None:
    """Whatever is in them."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "one.pem").write_bytes(content)
    assert refusal_of(keys, "soft:one").reason is Reason.UNAVAILABLE
    assert "one.pem" in keys.check()


def test_a_folder_in_the_way_is_unavailable(keys: SoftwareKeys, tmp_path: Path) -> None:
    """A key that is a folder, and a folder that is a file."""
    (tmp_path / "keys" / "one.pem").mkdir(parents=True)
    assert refusal_of(keys, "soft:one").reason is Reason.UNAVAILABLE
    blocked = SoftwareKeys("soft", tmp_path / "passphrase", tmp_path / "passphrase")
    with pytest.raises(Refused) as refusal:
        blocked.generate(KeyName("soft:one"), "p-256")
    assert refusal.value.reason is Reason.UNAVAILABLE
    assert "cannot be read" in blocked.check()


def test_other_files_are_no_keys(keys: SoftwareKeys, tmp_path: Path) -> None:
    """Files that no label names are left alone."""
    (tmp_path / "keys").mkdir()
    for name in (".hidden.pem", "two words.pem", "readme.txt"):
        (tmp_path / "keys" / name).touch()
    assert list(keys.list()) == []
    assert keys.check() == ""


def test_another_signer_s_name_is_not_found(keys: SoftwareKeys) -> None:
    """The prefix counts."""
    assert refusal_of(keys, "hard:one").reason is Reason.NOT_FOUND
    assert refusal_of(keys, "soft:../passphrase").reason is Reason.NOT_FOUND


def test_keys_are_taken_in(keys: SoftwareKeys, opener: Callable[[], SoftwareKeys]) -> None:
    """An imported key is kept as one that was made here, once."""
    key = ec.generate_private_key(ec.SECP384R1())
    keys.import_key(KeyName("soft:in"), key)
    assert opener().get(KeyName("soft:in")).public_key() == key.public_key()
    with pytest.raises(Refused) as refusal:
        keys.import_key(KeyName("soft:in"), key)
    assert refusal.value.reason is Reason.WRONG_STATE


def test_keys_of_other_kinds_are_not_taken_in(keys: SoftwareKeys) -> None:
    """DSA and odd curves sign nothing here."""
    for key in (dsa.generate_private_key(1024), ec.generate_private_key(ec.SECP256K1())):
        with pytest.raises(Refused) as refusal:
            keys.import_key(KeyName("soft:in"), key)
        assert refusal.value.reason is Reason.ALGORITHM_REFUSED


def test_a_name_taken_meanwhile_is_not_overwritten(keys: SoftwareKeys, tmp_path: Path) -> None:
    """What another process wrote between the question and the writing stays."""
    target = tmp_path / "keys" / "one.pem"

    def intruding(count: int) -> bytes:
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(b"theirs")
        return bytes(count)

    late = SoftwareKeys("soft", target.parent, tmp_path / "passphrase", intruding)
    with pytest.raises(Refused) as refusal:
        late.generate(KeyName("soft:one"), "p-256")
    assert refusal.value.reason is Reason.WRONG_STATE
    assert target.read_bytes() == b"theirs"
    assert [path.name for path in target.parent.iterdir()] == ["one.pem"]
