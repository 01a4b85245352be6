"""Tests of the choice between signers."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.ca.ports import Keys
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.settings.model import Pkcs11SignerSettings, SoftwareSignerSettings
from emca_daemon.signers.choosing import ChosenKeys, open_keys


@pytest.fixture
def keys(tmp_path: Path) -> ChosenKeys:
    """Two software signers with folders of their own."""
    (tmp_path / "word").write_text("word\n", encoding="utf-8")
    settings = {
        name: SoftwareSignerSettings(directory=tmp_path / name, passphrase_file=tmp_path / "word")
        for name in ("soft", "other")
    }
    return open_keys(settings, {})


def test_the_prefix_chooses_the_signer(keys: ChosenKeys, tmp_path: Path) -> None:
    """Each key is made where its name says, and found there only."""
    port: Keys = keys
    made = port.generate(KeyName("soft:one"), "p-256")
    port.import_key(KeyName("other:two"), ec.generate_private_key(ec.SECP384R1()))
    assert [path.name for path in (tmp_path / "soft").iterdir()] == ["one.pem"]
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["two.pem"]
    assert port.get(KeyName("soft:one")).public_key() == made.public_key()
    with pytest.raises(Refused):
        port.get(KeyName("other:one"))
    assert port.list() == [("soft:one", "p-256"), ("other:two", "p-384")]


def test_an_unknown_signer_is_not_found(keys: ChosenKeys) -> None:
    """The message lists those that are configured."""
    for name in ("hsm:one", "one", ""):
        with pytest.raises(Refused) as refusal:
            keys.get(KeyName(name))
        assert refusal.value.reason is Reason.NOT_FOUND
    with pytest.raises(Refused, match="soft, other"):
        keys.generate(KeyName("hsm:one"), "p-256")
    with pytest.raises(Refused, match="none"):
        open_keys({}, {}).get(KeyName("hsm:one"))


def test_every_signer_says_whether_it_works(keys: ChosenKeys, tmp_path: Path) -> None:
    """One line a signer; a problem names the file."""
    assert keys.check() == [("soft", ""), ("other", "")]
    (tmp_path / "word").unlink()
    assert all(str(tmp_path / "word") in problem for _, problem in keys.check())


def test_a_signer_says_whether_it_decrypts(keys: ChosenKeys, tmp_path: Path) -> None:
    """Files always do; a token that cannot be asked is not judged."""
    token = Pkcs11SignerSettings(module=tmp_path / "none.so", token_label="t", pin_file=tmp_path / "pin")
    assert keys.check_decrypting("soft") == open_keys({}, {"hsm": token}).check_decrypting("hsm") == ""
    with pytest.raises(Refused, match="no signer is called 'hsm'"):
        keys.check_decrypting("hsm")


def test_only_tokens_are_waited_for(keys: ChosenKeys, tmp_path: Path) -> None:
    """Software keys answer at once; nothing is loaded until a key is asked for."""
    assert not keys.waits
    token = Pkcs11SignerSettings(module=tmp_path / "none.so", token_label="t", pin_file=tmp_path / "pin")
    assert open_keys({}, {"hsm": token}).waits
