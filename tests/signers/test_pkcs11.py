"""Tests of the signer whose keys are in a token."""

import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import Attribute, KeyType, MechanismFlag

from emca_daemon.asn1 import der
from emca_daemon.ca import signatures
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.settings.model import Pkcs11SignerSettings
from emca_daemon.signers import pkcs11_objects
from emca_daemon.signers.choosing import ChosenKeys, open_keys
from emca_daemon.signers.pkcs11 import TokenKeys
from emca_daemon.signers.pkcs11_module import Module
from emca_daemon.signers.pkcs11_pin import PinFile
from emca_daemon.signers.pkcs11_token import Session, Token
from tests.contracts.signer_contract import SignerContract
from tests.support.softhsm import PIN, SoftHsm, p11_kit_proxy

pytestmark = pytest.mark.token
NUMBERS = count()


@pytest.fixture
def reopen(softhsm: SoftHsm) -> Callable[[], ChosenKeys]:
    """Opens another signer on the token."""
    settings = Pkcs11SignerSettings(module=softhsm.module, token_label="contract", pin_file=softhsm.pin_file)
    return lambda: open_keys({}, {"hsm": settings})


@pytest.fixture
def keys(reopen: Callable[[], ChosenKeys]) -> ChosenKeys:
    """A signer on the token."""
    return reopen()


@pytest.fixture
def unique() -> str:
    """A name that no key has yet."""
    return f"hsm:key-{next(NUMBERS)}"


class TestToken(SignerContract):
    """The contract, with every algorithm that SoftHSM2 offers."""

    @pytest.fixture(params=["p-256", "p-384", "p-521", "ed25519", "ed448", "rsa-2048", "rsa-3072"])
    def algorithm(self, request: pytest.FixtureRequest) -> str:
        """One algorithm after the other."""
        return str(request.param)


def token_of(softhsm: SoftHsm, pin_file: Path | None = None) -> Token:
    """The token as a signer sees it."""
    return Token("hsm", Module(softhsm.module), PinFile("hsm", pin_file or softhsm.pin_file), "contract")


def made_otherwise(softhsm: SoftHsm, label: str, curve: str, capabilities: MechanismFlag) -> None:
    """An elliptic curve key as another tool would make it."""

    def work(session: Session) -> None:
        writing = session.raw.token.open(rw=True)
        domain = writing.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: der.oid(curve)}, local=True)
        domain.generate_keypair(label=label, id=label.encode(), store=True, capabilities=capabilities)
        writing.close()

    token_of(softhsm).use(work)


def reason_for(keys: ChosenKeys | TokenKeys, name: str) -> Reason:
    """Why a key is not given."""
    with pytest.raises(Refused) as refusal:
        keys.get(KeyName(name))
    return refusal.value.reason


def test_keys_of_other_tools_are_used(softhsm: SoftHsm, keys: ChosenKeys) -> None:
    """With labels that new keys could not have."""
    made_otherwise(softhsm, "made by: another tool", "1.2.840.10045.3.1.7", MechanismFlag.SIGN)
    key = keys.get(KeyName("hsm:made by: another tool"))
    signatures.verify(key.public_key(), signatures.sign(key, b"data"), b"data")
    assert (KeyName("hsm:made by: another tool"), "p-256") in keys.list()


def test_keys_that_sign_no_certificates_are_refused(softhsm: SoftHsm, keys: ChosenKeys) -> None:
    """Other curves, which the list calls unknown, and keys that may not sign."""
    made_otherwise(softhsm, "odd", "1.3.132.0.10", MechanismFlag.SIGN)
    made_otherwise(softhsm, "mute", "1.2.840.10045.3.1.7", MechanismFlag.DERIVE)
    assert reason_for(keys, "hsm:odd") is reason_for(keys, "hsm:mute") is Reason.ALGORITHM_REFUSED
    assert (KeyName("hsm:odd"), "unknown") in keys.list()


def test_a_label_on_two_keys_is_not_guessed_about(softhsm: SoftHsm, keys: ChosenKeys) -> None:
    """Each is found by its CKA_ID."""
    for identifier in (b"\x01\x02", b"\x03\x04"):
        token_of(softhsm).use(partial(two_made, identifier))
    assert reason_for(keys, "hsm:two") is Reason.UNAVAILABLE
    first, second = (keys.get(KeyName(f"hsm:id={hexadecimal}")) for hexadecimal in ("0102", "0304"))
    assert first.public_key() != second.public_key()


def two_made(identifier: bytes, session: Session) -> None:
    """A key whose label another one has."""
    pkcs11_objects.generate(session, "two", identifier, "p-256")


def test_of_two_processes_that_make_one_name_none_overwrites(softhsm: SoftHsm, keys: ChosenKeys, unique: str) -> None:
    """The later one takes its key back."""

    def interrupted(size: int) -> bytes:
        keys.generate(KeyName(unique), "p-256")
        return bytes(size)

    late = TokenKeys(token_of(softhsm), interrupted)
    with pytest.raises(Refused) as refusal:
        late.generate(KeyName(unique), "p-256")
    assert refusal.value.reason is Reason.WRONG_STATE
    key = keys.get(KeyName(unique))
    signatures.verify(key.public_key(), signatures.sign(key, b"data"), b"data")
    assert late.get(KeyName(unique)).public_key() == key.public_key()


def test_a_forgotten_login_hides_no_key(softhsm: SoftHsm, keys: ChosenKeys, unique: str) -> None:
    """Tokens show no private keys without a login, and say nothing; that is not taken for an answer."""
    keys.generate(KeyName(unique), "p-256")
    token = token_of(softhsm)
    signer = TokenKeys(token)
    for question in (lambda: signer.get(KeyName(unique)), signer.list):
        assert signer.check() == ""
        assert token._logged_in is not None
        softhsm.raw("C_Logout", token._logged_in.raw.handle)  # type: ignore[attr-defined]  # not in the stub
        assert question()


def test_an_empty_token_is_believed(softhsm: SoftHsm) -> None:
    """After a second login it has no keys indeed."""
    softhsm.make_token("empty")
    module = Module(softhsm.module)
    module.call(lambda library: library)
    module.restart(0)
    signer = TokenKeys(Token("hsm", module, PinFile("hsm", softhsm.pin_file), "empty"))
    assert signer.list() == []
    assert reason_for(signer, "hsm:key") is Reason.NOT_FOUND
    assert signer.check() == ""


def test_keys_are_not_taken_in(keys: ChosenKeys, unique: str) -> None:
    """A token makes its keys itself."""
    with pytest.raises(Refused) as refusal:
        keys.import_key(KeyName(unique), ec.generate_private_key(ec.SECP256R1()))
    assert refusal.value.reason is Reason.NOT_PERMITTED


def test_another_signer_s_name_is_not_found(softhsm: SoftHsm) -> None:
    """The prefix counts."""
    assert reason_for(TokenKeys(token_of(softhsm)), "soft:key") is Reason.NOT_FOUND


def test_readiness_tells_what_is_wrong(softhsm: SoftHsm, keys: ChosenKeys, tmp_path: Path) -> None:
    """Nothing, or the module, the token or the PIN file that does not serve."""
    assert keys.check() == [("hsm", "")]
    settings = {
        "module": Pkcs11SignerSettings(module=tmp_path / "none.so", token_label="t", pin_file=softhsm.pin_file),
        "token": Pkcs11SignerSettings(module=softhsm.module, token_label="nowhere", pin_file=softhsm.pin_file),
        "pin": Pkcs11SignerSettings(module=softhsm.module, token_label="contract", pin_file=tmp_path / "no-pin"),
    }
    problems = dict(open_keys({}, settings).check())
    assert "none.so" in problems["module"]
    assert "nowhere" in problems["token"]
    assert "no-pin" in problems["pin"]


def test_no_pin_is_ever_shown(
    softhsm: SoftHsm, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the wrong one nor the right one: not in refusals and their tracebacks, objects, logs or output."""
    caplog.set_level(logging.DEBUG)
    wrong = tmp_path / "wrong-pin"
    wrong.write_text("0000-wrong-pin", encoding="utf-8")
    token = token_of(softhsm, wrong)
    token._module.call(lambda library: library)
    token._module.restart(0)  # which ends the login that this process has
    keys = TokenKeys(token)
    texts = [repr(keys), repr(vars(keys)), repr(token), repr(vars(token)), repr(vars(token._pin))]
    for _ in range(3):
        with pytest.raises(Refused) as refusal:
            keys.get(KeyName("hsm:key"))
        assert refusal.value.reason is Reason.UNAVAILABLE
        texts += [str(refusal.value), repr(refusal.value), *traceback.format_exception(refusal.value)]
    assert "PinIncorrect" in texts[5]
    wrong.write_text(PIN, encoding="utf-8")
    assert keys.check() == ""
    texts += [repr(vars(token)), repr(vars(token._pin)), caplog.text, *capfd.readouterr()]
    assert not any(secret in text for text in texts for secret in ("0000-wrong-pin", PIN))


def test_a_signer_may_go_through_p11_kit(softhsm: SoftHsm, tmp_path: Path) -> None:
    """In a process of its own: the proxy offers the tokens of the modules that the system has registered."""
    program = tmp_path / "program.py"
    program.write_text(dedent(THROUGH_THE_PROXY), encoding="utf-8")
    command = [sys.executable, str(program), str(softhsm.module), str(p11_kit_proxy()), str(softhsm.pin_file)]
    place = str(Path(__file__).parents[2])
    answer = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=place,
        env={**os.environ, "PYTHONPATH": place, "XDG_CONFIG_HOME": str(configured(softhsm, tmp_path))},
    )
    assert (answer.stdout, answer.stderr) == ("signed\n", "")


THROUGH_THE_PROXY = """
    import sys
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from emca_daemon.ca import signatures
    from emca_daemon.settings.model import Pkcs11SignerSettings
    from emca_daemon.signers.choosing import open_keys

    module, proxy, pin = map(Path, sys.argv[1:])
    settings = Pkcs11SignerSettings(module=module, proxy=proxy, token_label="contract", pin_file=pin)
    key = open_keys({}, {"hsm": settings}).generate("hsm:through-the-proxy", "p-256")
    with ThreadPoolExecutor(4) as pool:
        for signature in pool.map(lambda _: signatures.sign(key, b"data"), range(100)):
            signatures.verify(key.public_key(), signature, b"data")
    print("signed")
"""


def configured(softhsm: SoftHsm, folder: Path) -> Path:
    """A p11-kit configuration that knows SoftHSM2 alone."""
    modules = folder / "pkcs11" / "modules"
    modules.mkdir(parents=True)
    (folder / "pkcs11" / "pkcs11.conf").write_text("user-config: only\n", encoding="utf-8")
    (modules / "softhsm2.module").write_text(f"module: {softhsm.module}\n", encoding="utf-8")
    return folder
