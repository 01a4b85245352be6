"""A token: its sessions and its login, which mend themselves.

Work is given to `Token.use` and gets a session that no other thread has meanwhile. When it fails because a session, the
login or the module is gone, it is done again with a new session and login, then once more after the module was
finalised and initialised; what fails three times is unavailable, and the token is left in peace for a while.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import TypeVar

import pkcs11
from pkcs11 import exceptions as ck
from pkcs11.types import SignMixin

from emca_daemon.errors import Refused
from emca_daemon.signers import pkcs11_faults
from emca_daemon.signers.backoff import Backoff
from emca_daemon.signers.pkcs11_module import LockingLibrary, Module
from emca_daemon.signers.pkcs11_pin import PinFile

HEALING = 15.0
"""Seconds that a thread waits for another one that is mending the token."""

RESTARTS_APART = 1.0
"""Seconds between two restarts of the module that one token asks for."""

_T = TypeVar("_T")


class Session:
    """A session with the key objects found in it (finding one costs as much as two signatures)."""

    __slots__ = ("epoch", "found", "generation", "mechanisms", "raw")

    def __init__(
        self, raw: pkcs11.Session, epoch: int, generation: int, mechanisms: frozenset[pkcs11.Mechanism]
    ) -> None:
        """`epoch` is the healing that the session followed, `generation` the module's when it was opened."""
        self.raw = raw
        self.epoch = epoch
        self.generation = generation
        self.mechanisms = mechanisms
        self.found: dict[tuple[str, bytes], SignMixin] = {}


class Token:
    """One token of a module, found by label or serial number; neither: the only one that is set up."""

    def __init__(
        self,
        signer: str,
        module: Module,
        pin: PinFile,
        label: str | None = None,
        serial: str | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Nothing is opened yet; `clock` tells seconds that never run backwards."""
        self.signer = signer
        self._module = module
        self._pin = pin
        self._label = label
        self._serial = serial
        self._clock = clock
        self._backoff = Backoff(clock)
        self._free: deque[Session] = deque()
        self._leftover: deque[Session] = deque()
        self._epoch = 0
        self._logging_in = Lock()
        self._logged_in: Session | None = None
        self._healing = Lock()
        self._restarted = -RESTARTS_APART

    def use(self, work: Callable[[Session], _T]) -> _T:
        """Do work in a session of its own; raises Refused.

        The work may be done up to three times, and must not mind.
        """
        if not self._backoff.admits():
            raise pkcs11_faults.unavailable(self.signer, "it did not answer a moment ago")
        why, key_gone = "", False
        for cure in (self._renew, self._restart, None):
            epoch, generation = self._epoch, self._module.generation
            try:
                result = self._module.call(lambda library: self._work(library, work))
            except Refused:
                self._backoff.succeeded()
                raise
            except ck.PKCS11Error as error:
                refused = pkcs11_faults.refusal_of(self.signer, error)
                why, key_gone = pkcs11_faults.name_of(error), isinstance(error, ck.NoSuchKey)
            else:
                self._backoff.succeeded()
                return result
            # Out here, because what is raised must not hold the error: its traceback holds an operation of
            # python-pkcs11 and with it a lock that only this thread can release.
            if refused is not None:
                raise refused
            if cure is not None:
                self._heal(cure, epoch, generation)
        if not key_gone:  # a token that answers is asked again
            self._backoff.failed()
        raise pkcs11_faults.unavailable(self.signer, why)

    def _work(self, library: LockingLibrary, work: Callable[[Session], _T]) -> _T:
        """Take a free session or open one, work, and give it back unless it broke."""
        session = self._take() or self._open(library)
        try:
            result = work(session)
        except Refused:  # an answer, not a broken session
            self._free.append(session)
            raise
        except ck.PKCS11Error as error:
            if pkcs11_faults.refusal_of(self.signer, error) is None:
                self._leftover.append(session)
            else:  # the token is well, but an operation may still be open in the session
                self._close(session)
            raise
        self._free.append(session)
        return result

    def _take(self) -> Session | None:
        """A free session that followed the latest healing."""
        while True:
            try:
                session = self._free.pop()
            except IndexError:
                return None
            if session.epoch == self._epoch:
                return session
            self._leftover.append(session)

    def _open(self, library: LockingLibrary) -> Session:
        """Open a session, logging in first where that is not done; the whole process shares the login."""
        with self._logging_in:
            first = self._logged_in
            if first is None:
                token = self._found(library)
                mechanisms = frozenset(token.slot.get_mechanisms())
                first = Session(self._login(token), self._epoch, self._module.generation, mechanisms)
                self._logged_in = first
        return Session(first.raw.token.open(), first.epoch, first.generation, first.mechanisms)

    def _login(self, token: pkcs11.Token) -> pkcs11.Session:
        """A session that stays open, so that the login does."""
        pin = self._pin.read()
        try:
            return token.open(user_pin=pin)
        except ck.UserAlreadyLoggedIn:
            return token.open()
        except pkcs11_faults.PIN_FAULTS:
            self._pin.refuse(pin)
            raise

    def _found(self, library: LockingLibrary) -> pkcs11.Token:
        """The token; raises NoSuchToken or MultipleTokensReturned."""
        serial = None if self._serial is None else self._serial.encode("utf-8")
        tokens = library.tokens(self._label, serial)
        if len(tokens) > 1:
            raise ck.MultipleTokensReturned(f"{len(tokens)} tokens are {self._described()}: give the serial number")
        if not tokens:
            raise ck.NoSuchToken(f"no token is {self._described()}")
        return tokens[0]

    def _described(self) -> str:
        """What the token is looked for by."""
        wanted = (("label", self._label), ("serial number", self._serial))
        return "set up" + "".join(f", with the {what} {value!r}" for what, value in wanted if value is not None)

    def _heal(self, cure: Callable[[int], None], epoch: int, generation: int) -> None:
        """Apply the cure unless another thread has cured the token since `epoch`; raises Refused(UNAVAILABLE)."""
        if not self._healing.acquire(timeout=HEALING):
            raise pkcs11_faults.unavailable(self.signer, "it is being reconnected")
        why = ""
        try:
            if self._epoch == epoch:
                cure(generation)
        except ck.PKCS11Error as error:
            why = pkcs11_faults.name_of(error)
        finally:
            self._healing.release()
        if why:
            self._backoff.failed()
            raise pkcs11_faults.unavailable(self.signer, why)

    def _renew(self, _generation: int) -> None:
        """Forget every session and the login; what is left of them in the module is closed."""
        self._module.call(lambda _library: self._forget())

    def _restart(self, generation: int) -> None:
        """Finalise and initialise the module, not too often: its other tokens must mend their sessions then."""
        if self._clock() - self._restarted < RESTARTS_APART:
            return
        self._restarted = self._clock()
        self._module.restart(generation)
        self._module.call(lambda _library: self._forget())

    def _forget(self) -> None:
        """Drop the sessions, and close those that are not of an earlier life of the module.

        The login ends before another one can begin; sessions in use end up with the leftovers of the next time.
        """
        with self._logging_in:
            self._epoch += 1
            old, self._logged_in = self._logged_in, None
            for sessions in (self._free, self._leftover):
                while sessions:
                    self._close(sessions.pop())
            if old is not None:
                self._close(old)

    def _close(self, session: Session) -> None:
        """Close what can still be closed; the session with the login logs out."""
        if session.generation == self._module.generation:
            with suppress(ck.PKCS11Error):
                session.raw.close()
