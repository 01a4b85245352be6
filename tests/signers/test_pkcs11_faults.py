"""Tests of what a module's errors mean."""

import pytest
from pkcs11 import exceptions as ck

from emca_daemon.errors import Reason
from emca_daemon.signers import pkcs11_faults


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ck.MechanismInvalid(), Reason.ALGORITHM_REFUSED),
        (ck.KeySizeRange(), Reason.ALGORITHM_REFUSED),
        (ck.TokenWriteProtected(), Reason.UNAVAILABLE),
        (ck.PinIncorrect(), Reason.UNAVAILABLE),
        (ck.PinLocked(), Reason.UNAVAILABLE),
    ],
)
def test_some_faults_are_answers(fault: ck.PKCS11Error, reason: Reason) -> None:
    """A new session would not change them; the fault's name is in the message."""
    refused = pkcs11_faults.refusal_of("hsm", fault)
    assert refused is not None
    assert refused.reason is reason
    assert type(fault).__name__ in refused.detail


@pytest.mark.parametrize(
    "fault",
    [
        ck.SessionHandleInvalid(),
        ck.SessionClosed(),
        ck.UserNotLoggedIn(),
        ck.DeviceError(),
        ck.DeviceRemoved(),
        ck.TokenNotPresent(),
        ck.GeneralError(),
        ck.KeyHandleInvalid(),
        ck.ObjectHandleInvalid(),
        ck.PKCS11Error("Unmapped error code 0x190"),
    ],
)
def test_other_faults_may_heal(fault: ck.PKCS11Error) -> None:
    """Lost sessions, logins, handles, devices, and all that is unknown."""
    assert pkcs11_faults.refusal_of("hsm", fault) is None


def test_unavailable_says_when_to_ask_again() -> None:
    """In seconds."""
    refused = pkcs11_faults.unavailable("hsm", pkcs11_faults.name_of(ck.NoSuchToken("no token")))
    assert refused.retry_after == pkcs11_faults.RETRY_AFTER
    assert refused.detail == "the signer 'hsm' cannot be reached: NoSuchToken (no token)"


@pytest.mark.parametrize(
    "fault",
    [
        ck.GeneralError(),
        ck.EncryptedDataInvalid(),
        ck.FunctionFailed(),
        ck.DeviceError(),
        ck.ArgumentsBad(),
        ck.PKCS11Error("Unmapped error code 80000001"),
    ],
)
def test_what_a_wrong_padding_may_be_called_is_no_loss(fault: ck.PKCS11Error) -> None:
    """Tokens name it as they like."""
    assert not pkcs11_faults.is_gone(fault)


@pytest.mark.parametrize(
    "fault",
    [
        ck.SessionHandleInvalid(),
        ck.UserNotLoggedIn(),
        ck.NoSuchKey("gone"),
        ck.PKCS11Error("Initialisation error (not initialized). Should never see this."),
    ],
)
def test_what_no_ciphertext_can_bring_about_is_a_loss(fault: ck.PKCS11Error) -> None:
    """Of the session, the login, the key or the module."""
    assert pkcs11_faults.is_gone(fault)
