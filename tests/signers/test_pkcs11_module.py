"""Tests of modules under threads."""

import ctypes
import threading
from pathlib import Path
from typing import cast

import pytest
from pkcs11.exceptions import DeviceError, PKCS11Error

from emca_daemon.signers import pkcs11_module
from emca_daemon.signers.pkcs11_module import LockingLibrary, Module
from tests.support.fake_token import FakeLibrary, fake_module
from tests.support.softhsm import SoftHsm


def test_a_module_is_loaded_by_the_first_call() -> None:
    """And once."""
    loads: list[str] = []

    def load(path: str) -> LockingLibrary:
        loads.append(path)
        return cast("LockingLibrary", FakeLibrary())

    module = Module(Path("fake.so"), load)
    module.restart(0)
    assert loads == []
    threads = [threading.Thread(target=module.call, args=(lambda _library: None,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["fake.so"]


def test_a_module_that_is_none_is_an_error(tmp_path: Path) -> None:
    """Missing, or no shared object."""
    (tmp_path / "text.so").write_text("no module", encoding="utf-8")
    for name in ("none.so", "text.so"):
        with pytest.raises(PKCS11Error):
            Module(tmp_path / name).call(lambda _library: None)


def test_a_restart_waits_for_calls_and_keeps_others_out() -> None:
    """Nobody is inside while the module is down."""
    library = FakeLibrary()
    module = fake_module(library)
    inside, leave = threading.Event(), threading.Event()

    def slow(_library: object) -> None:
        inside.set()
        leave.wait(10)
        library.calls.append("left")

    first = threading.Thread(target=module.call, args=(slow,))
    first.start()
    inside.wait(10)
    restart = threading.Thread(target=module.restart, args=(0,))
    restart.start()
    while not module._alone:
        pass
    late = threading.Thread(target=module.call, args=(lambda _library: library.calls.append("late"),))
    late.start()
    leave.set()
    for thread in (first, restart, late):
        thread.join(10)
    assert library.calls == ["left", "finalize", "initialize", "late"]
    assert module.generation == 1


def test_a_restart_that_was_done_is_not_done_again() -> None:
    """Threads that saw the same failure ask for one restart together."""
    library = FakeLibrary()
    module = fake_module(library)
    module.call(lambda _library: None)
    module.restart(0)
    module.restart(0)
    assert module.generation == 1
    assert library.calls == ["finalize", "initialize"]


def test_a_call_that_hangs_prevents_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives up, and the module serves as before."""
    monkeypatch.setattr(pkcs11_module, "DRAIN", 0.001)
    module = fake_module(FakeLibrary())

    def hanging(_library: object) -> None:
        with pytest.raises(DeviceError, match="does not return"):
            module.restart(0)

    module.call(hanging)
    assert module.call(lambda _library: "served") == "served"


def test_a_module_that_cannot_lock_is_entered_by_one_thread() -> None:
    """The second waits for the first."""
    module = fake_module(FakeLibrary(one_at_a_time=True))
    busy = threading.Lock()
    clashes: list[bool] = []

    def work(_library: object) -> None:
        clashes.append(not busy.acquire(blocking=False))
        threading.Event().wait(0.001)
        busy.release()

    threads = [threading.Thread(target=module.call, args=(work,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == [False] * 8


class Answers:
    """C_Initialize and C_Finalize of a module that answers as told."""

    def __init__(self, initialize: list[int], finalize: int = 0) -> None:
        """Answers in order."""
        self.flags: list[int | None] = []
        self._answers = initialize
        self._finalize = finalize

    def initialize(self, arguments: object) -> int:
        """Note the flags."""
        given = None if arguments is None else arguments._obj.flags  # type: ignore[attr-defined]  # ctypes.byref
        self.flags.append(given)
        return self._answers.pop(0)

    def finalize(self, _arguments: None) -> int:
        """The one answer."""
        return self._finalize


def library_with(answers: Answers) -> LockingLibrary:
    """A library in front of those answers, not yet initialised."""
    library = LockingLibrary.__new__(LockingLibrary)
    library._of_its_own = False
    library._functions = cast("ctypes.Structure", answers)  # type: ignore[assignment]
    return library


def test_modules_are_told_to_lock() -> None:
    """CKF_OS_LOCKING_OK; one that somebody else initialised is taken as it is."""
    for answer in (0, 0x191):
        answers = Answers([answer])
        library = library_with(answers)
        library.initialize()
        assert answers.flags == [2]
        assert not library.one_at_a_time


def test_modules_that_cannot_lock_are_initialised_without() -> None:
    """CKR_CANT_LOCK."""
    answers = Answers([0xA, 0])
    library = library_with(answers)
    library.initialize()
    assert answers.flags == [2, None]
    assert library.one_at_a_time


def test_modules_that_do_not_start_or_stop_are_errors() -> None:
    """With the answer in the message; one that is down already has stopped."""
    with pytest.raises(DeviceError, match="0x5"):
        library_with(Answers([5])).initialize()
    with pytest.raises(DeviceError, match="0x30"):
        library_with(Answers([], 0x30)).finalize()
    library_with(Answers([], 0x190)).finalize()


class Proxy:
    """Stands for p11-kit's proxy: python-pkcs11's view of it is one of its own."""

    def __init__(self) -> None:
        """Nothing called yet."""
        self.calls: list[str] = []

    def initialize(self) -> None:
        """Start."""
        self.calls.append("initialize")

    def finalize(self) -> None:
        """Stop, which is refused as though it were down."""
        self.calls.append("finalize")
        raise PKCS11Error("not initialized")


def test_a_proxy_is_started_and_stopped_through_the_bindings() -> None:
    """What was initialised must be what is used."""
    proxy = Proxy()
    library = library_with(Answers([]))
    library._of_its_own = True
    library.bindings = proxy  # type: ignore[assignment]
    library.initialize()
    library.finalize()
    assert proxy.calls == ["initialize", "finalize"]


def test_a_module_without_functions_is_an_error() -> None:
    """It says what it answered."""
    library = library_with(Answers([]))
    library._shared_object = cast("ctypes.CDLL", NoFunctions())
    with pytest.raises(DeviceError, match="C_GetFunctionList answered 0x30"):
        library._function_list()


class NoFunctions:
    """A shared object that gives no function list."""

    def C_GetFunctionList(self, _functions: object) -> int:  # noqa: N802 - PKCS#11's name
        """CKR_DEVICE_ERROR."""
        return 0x30


@pytest.mark.token
def test_softhsm_locks(softhsm: SoftHsm) -> None:
    """It is not entered by one thread at a time, and a token is found by its label."""
    library = LockingLibrary(str(softhsm.module))
    assert not library.one_at_a_time
    (token,) = library.tokens("contract", None)
    assert library.tokens(None, token.serial)[0].label == "contract"
    assert library.tokens("none", None) == []
