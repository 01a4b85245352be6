"""A PKCS#11 module in this process: loaded late, safe under threads, restarted when nobody is inside.

python-pkcs11 initialises modules without allowing them to lock (`C_Initialize(NULL)`), which makes some of them crash
under two threads. Here they are told to lock with the operating system's means (PKCS#11 5.4, `CKF_OS_LOCKING_OK`); one
that answers that it cannot is entered by one thread at a time. See docs/decisions/0003-pkcs11-threads.md.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Lock
from typing import TypeVar

import pkcs11
from pkcs11 import _pkcs11
from pkcs11.constants import TokenFlag
from pkcs11.exceptions import DeviceError, PKCS11Error

_OS_LOCKING_OK = 2
_OK, _CANT_LOCK, _NOT_INITIALIZED, _ALREADY_INITIALIZED = 0x0, 0xA, 0x190, 0x191
DRAIN = 3.0
"""Seconds that a restart waits for calls that are under way, and new ones with it."""

_T = TypeVar("_T")


class _InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS: no mutex functions of ours, flags, nothing reserved."""

    _fields_ = (
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


_Call = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)


class _FunctionList(ctypes.Structure):
    """The beginning of CK_FUNCTION_LIST; modules need not export these functions by name."""

    _fields_ = (
        ("major", ctypes.c_ubyte),
        ("minor", ctypes.c_ubyte),
        ("initialize", _Call),
        ("finalize", _Call),
    )


class LockingLibrary:
    """A loaded module, initialised so that threads may use it."""

    def __init__(self, path: str) -> None:
        """Load and initialise; raises PKCS11Error.

        `bindings` is python-pkcs11's view, made without its constructor, which would initialise the module its own way.
        It is not a subclass because the module must stay loaded until the process ends.
        """
        self.bindings: _pkcs11.lib = _pkcs11.lib.__new__(_pkcs11.lib, path)  # type: ignore[call-arg]  # not in the stub
        self._shared_object = ctypes.CDLL(path)  # the same copy
        functions = self._function_list()
        self._functions = functions.contents
        # p11-kit's proxy gives each caller a module of its own. It locks whatever it is told, and tells its modules to.
        self._of_its_own = ctypes.addressof(functions.contents) != ctypes.addressof(self._function_list().contents)
        self.one_at_a_time = False
        self.initialize()

    def initialize(self) -> None:
        """C_Initialize with OS locking, else without; raises PKCS11Error."""
        if self._of_its_own:
            self.bindings.initialize()
            return
        arguments = _InitializeArguments(flags=_OS_LOCKING_OK)
        answer = self._functions.initialize(ctypes.byref(arguments))
        self.one_at_a_time = answer == _CANT_LOCK
        if self.one_at_a_time:
            answer = self._functions.initialize(None)
        if answer not in (_OK, _ALREADY_INITIALIZED):
            raise DeviceError(f"C_Initialize answered 0x{answer:x}")

    def finalize(self) -> None:
        """C_Finalize; every session of the process is gone afterwards; raises PKCS11Error."""
        if self._of_its_own:
            with suppress(PKCS11Error):  # it may be down already
                self.bindings.finalize()
            return
        answer = self._functions.finalize(None)
        if answer not in (_OK, _NOT_INITIALIZED):
            raise DeviceError(f"C_Finalize answered 0x{answer:x}")

    def _function_list(self) -> "ctypes._Pointer[_FunctionList]":
        """Ask the module for its functions; raises DeviceError."""
        functions = ctypes.POINTER(_FunctionList)()
        answer = self._shared_object.C_GetFunctionList(ctypes.byref(functions))
        if answer != _OK or not functions:
            raise DeviceError(f"C_GetFunctionList answered 0x{answer:x}")
        return functions

    def tokens(self, label: str | None, serial: bytes | None) -> list[pkcs11.Token]:
        """The tokens of that label and serial number that have been set up; raises PKCS11Error."""
        found = self.bindings.get_tokens(token_label=label, token_serial=serial)
        return [token for token in found if token.flags & TokenFlag.TOKEN_INITIALIZED]


class Module:
    """One module, shared by all the tokens that it offers."""

    def __init__(self, path: Path, load: Callable[[str], LockingLibrary] = LockingLibrary) -> None:
        """Nothing is loaded until the first call, so that a process may fork before."""
        self.path = path
        self._load = load
        self._library: LockingLibrary | None = None
        self._changing = Lock()
        self._alone = False
        self._inside: set[object] = set()
        self._left = Condition()
        self._turn: Lock | None = None
        self.generation = 0
        """Counts restarts: sessions of an earlier generation are dead, even if their numbers come up again."""

    def call(self, work: Callable[[LockingLibrary], _T]) -> _T:
        """Do work inside the module; raises PKCS11Error, also when the module cannot be loaded."""
        ticket = object()
        self._enter(ticket)
        try:
            library = self._library
            if library is None:
                library = self._loaded()
            if self._turn is None:
                return work(library)
            with self._turn:
                return work(library)
        finally:
            self._inside.discard(ticket)
            if self._alone:
                with self._left:
                    self._left.notify_all()

    def restart(self, seen: int) -> None:
        """Finalise and initialise, unless that has happened since generation `seen`; raises PKCS11Error."""
        with self.alone():
            if self._library is None or self.generation != seen:
                return
            self.generation += 1
            self._library.finalize()
            self._library.initialize()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep everybody out; raises PKCS11Error when somebody inside does not come out."""
        with self._changing:
            self._alone = True
            try:
                with self._left:
                    if not self._left.wait_for(lambda: not self._inside, DRAIN):
                        raise DeviceError("a call into the module does not return")
                yield
            finally:
                self._alone = False

    def _enter(self, ticket: object) -> None:
        """Take note of a call before looking whether the door is shut: who shuts it looks the other way round.

        No lock is taken on this path: both sides first write, then read, and the interpreter orders that.
        """
        self._inside.add(ticket)
        while self._alone:
            self._inside.discard(ticket)
            with self._left:
                self._left.notify_all()
            with self._changing:
                self._inside.add(ticket)

    def _loaded(self) -> LockingLibrary:
        """Load the module, once."""
        with self._left:  # not `_changing`, which a restart holds while it waits for us
            if self._library is None:
                library = self._load(str(self.path))
                self._turn = Lock() if library.one_at_a_time else None
                self._library = library
            return self._library
