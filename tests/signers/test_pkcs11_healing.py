"""Tests of tokens whose sessions, login, module and folder go away while threads sign."""

import threading
from collections.abc import Callable
from time import monotonic, sleep

import pytest
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.ca import signatures
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.signers.pkcs11 import TokenKeys
from emca_daemon.signers.pkcs11_module import Module
from emca_daemon.signers.pkcs11_pin import PinFile
from emca_daemon.signers.pkcs11_token import Token
from tests.support.softhsm import SoftHsm

pytestmark = pytest.mark.token
THREADS, BLOWS, PATIENCE = 4, 4, 60.0


def hurried() -> float:
    """A clock on which back-offs pass quickly."""
    return monotonic() * 50


class Load:
    """Threads that sign until they are told to stop, and what came of it."""

    def __init__(self, key: CertificateIssuerPrivateKeyTypes) -> None:
        """Start them."""
        self.signed = 0
        self.refused: list[Reason] = []
        self.surprises: list[str] = []
        self._key = key
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def wait_for_signatures(self, more: int = 50) -> None:
        """Until that many more were made."""
        wanted, end = self.signed + more, monotonic() + PATIENCE
        while self.signed < wanted:
            assert monotonic() < end, (self.signed, self.refused[-3:], self.surprises[:3])
            sleep(0.005)

    def stop(self) -> None:
        """And look back."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)
        assert self.surprises == []
        assert set(self.refused) <= {Reason.UNAVAILABLE}

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            data = number.to_bytes(4)
            try:
                signatures.verify(self._key.public_key(), signatures.sign(self._key, data), data)
                self.signed += 1
            except Refused as refused:
                self.refused.append(refused.reason)
                sleep(0.002)
            except (RuntimeError, ValueError, TypeError, AttributeError, KeyError) as surprise:
                self.surprises.append(repr(surprise))


class Blows:
    """What can happen to a token, done to the one under test.

    Where nobody may be inside the module meanwhile it is because SoftHSM2 frees sessions that other threads are using;
    the signing threads find the damage with their next call.
    """

    def __init__(self, softhsm: SoftHsm, module: Module, token: Token) -> None:
        """The token, from inside."""
        self._softhsm = softhsm
        self._module = module
        self._token = token

    def close_all_sessions(self) -> None:
        """Every session of the process ends, and with the last one the login."""
        with self._module.alone():
            logged_in = self._token._logged_in
            if logged_in is not None:
                self._softhsm.raw("C_CloseAllSessions", logged_in.raw.token.slot.slot_id)

    def log_out(self) -> None:
        """The sessions live on without rights."""
        logged_in = self._token._logged_in
        if logged_in is not None:
            self._softhsm.raw("C_Logout", logged_in.raw.handle)  # type: ignore[attr-defined]  # not in the stub

    def finalize(self) -> None:
        """The module is shut down."""
        with self._module.alone():
            self._softhsm.raw("C_Finalize", None)

    def restart(self) -> None:
        """The module is shut down and started again by another of its tokens."""
        self._module.restart(self._module.generation)

    def take_the_folder_away(self) -> None:
        """For a moment, as a network HSM or its share does."""
        away = self._softhsm.tokens.with_name("away")
        self._softhsm.tokens.rename(away)
        with self._module.alone():
            self._softhsm.raw("C_Finalize", None)
        sleep(0.05)
        away.rename(self._softhsm.tokens)


@pytest.mark.parametrize(
    "blow", [Blows.close_all_sessions, Blows.log_out, Blows.finalize, Blows.restart, Blows.take_the_folder_away]
)
def test_signing_goes_on_after_every_blow(softhsm: SoftHsm, blow: Callable[[Blows], None]) -> None:
    """No thread sees anything but good signatures and `unavailable`, and soon good signatures again."""
    module = Module(softhsm.module)
    token = Token("hsm", module, PinFile("hsm", softhsm.pin_file), "contract", None, hurried)
    keys = TokenKeys(token)
    load = Load(keys.generate(KeyName(f"hsm:{blow.__name__.replace('_', '-')}"), "p-256"))
    blows = Blows(softhsm, module, token)
    try:
        for _ in range(BLOWS):
            load.wait_for_signatures()
            blow(blows)
        load.wait_for_signatures()
    finally:
        load.stop()
    assert keys.check() == ""


def test_two_tokens_of_one_module_heal_each(softhsm: SoftHsm) -> None:
    """A token set up anew has lost its keys, which is refused until others are made; its neighbour goes on."""
    softhsm.make_token("neighbour")
    softhsm.make_token("renewed")
    module = Module(softhsm.module)
    pin = PinFile("hsm", softhsm.pin_file)
    neighbour, renewed = (TokenKeys(Token("hsm", module, pin, one, None, hurried)) for one in ("neighbour", "renewed"))
    module.call(lambda library: library)
    module.restart(module.generation)
    name = KeyName("hsm:key")
    theirs, ours = neighbour.generate(name, "p-256"), renewed.generate(name, "p-256")
    assert theirs.public_key() != ours.public_key()
    softhsm.remove_token("renewed")
    softhsm.make_token("renewed")
    with pytest.raises(Refused) as refusal:
        signatures.sign(ours, b"data")
    assert refusal.value.reason is Reason.UNAVAILABLE
    signatures.verify(theirs.public_key(), signatures.sign(theirs, b"data"), b"data")
    with pytest.raises(Refused) as refusal:
        renewed.get(name)
    assert refusal.value.reason is Reason.NOT_FOUND
    fresh = renewed.generate(name, "p-256")
    signatures.verify(fresh.public_key(), signatures.sign(fresh, b"data"), b"data")


def test_a_token_that_went_away_with_its_keys_is_not_ready(softhsm: SoftHsm) -> None:
    """SoftHSM finds nothing then, rather than fail; one that never had a key is well."""
    softhsm.make_token("going")
    module = Module(softhsm.module)
    module.call(lambda library: library)
    module.restart(module.generation)
    keys = TokenKeys(Token("hsm", module, PinFile("hsm", softhsm.pin_file), "going", None, hurried))
    assert keys.check() == ""
    keys.generate(KeyName("hsm:key"), "p-256")
    assert keys.check() == ""
    away = softhsm.tokens.with_name("away")
    softhsm.tokens.rename(away)
    try:
        assert keys.check() != ""
    finally:
        away.rename(softhsm.tokens)
    until = monotonic() + 20
    while keys.check():
        assert monotonic() < until
        sleep(0.05)
