"""What a module's error means: mend the session and try again, or say no."""

from pkcs11 import exceptions as ck

from emca_daemon.errors import Reason, Refused

RETRY_AFTER = 5
"""Seconds after which a requester may ask again."""

PIN_FAULTS = (
    ck.PinIncorrect,
    ck.PinInvalid,
    ck.PinLenRange,
    ck.PinExpired,
    ck.PinLocked,
    ck.UserPinNotInitialized,
)
"""Trying again with the same PIN would only bring the token nearer to locking itself."""

_NOT_OFFERED = (
    ck.ArgumentsBad,
    ck.AttributeTypeInvalid,
    ck.AttributeValueInvalid,
    ck.DataInvalid,
    ck.DataLenRange,
    ck.DomainParamsInvalid,
    ck.FunctionNotSupported,
    ck.FunctionRejected,
    ck.KeySizeRange,
    ck.KeyTypeInconsistent,
    ck.MechanismInvalid,
    ck.MechanismParamInvalid,
    ck.TemplateIncomplete,
    ck.TemplateInconsistent,
)
_GONE = (
    ck.DeviceRemoved,
    ck.HostMemory,
    ck.KeyHandleInvalid,
    ck.NoSuchKey,
    ck.ObjectHandleInvalid,
    ck.OperationActive,
    ck.SessionClosed,
    ck.SessionHandleInvalid,
    ck.SlotIDInvalid,
    ck.TokenNotPresent,
    ck.TokenNotRecognised,
    ck.UserNotLoggedIn,
)
_NOT_WRITABLE = (ck.TokenWriteProtected, ck.SessionReadOnly, ck.SessionReadOnlyExists, ck.DeviceMemory)


def name_of(error: ck.PKCS11Error) -> str:
    """The fault as people can look it up: the class's name, with the text that python-pkcs11 gives to some."""
    text = str(error)
    return f"{type(error).__name__} ({text})" if text else type(error).__name__


def refusal_of(signer: str, error: ck.PKCS11Error) -> Refused | None:
    """The refusal that an error is; None for one that a new session, login or start of the module may cure."""
    if isinstance(error, _NOT_OFFERED):
        return Refused(Reason.ALGORITHM_REFUSED, f"the token of the signer {signer!r} cannot do that: {name_of(error)}")
    if isinstance(error, _NOT_WRITABLE):
        return Refused(Reason.UNAVAILABLE, f"the token of the signer {signer!r} takes no new keys: {name_of(error)}")
    if isinstance(error, PIN_FAULTS):
        return Refused(Reason.UNAVAILABLE, f"the token of the signer {signer!r} refuses the PIN: {name_of(error)}")
    return None


def is_gone(error: ck.PKCS11Error) -> bool:
    """Whether a decryption failed because session, login, key or module are gone, which no ciphertext can bring about.

    Everything else may be a token's way to say that a padding is wrong (SoftHSM2 says CKR_GENERAL_ERROR, others have
    codes of their own): it must not mend anything, nor be told to anybody. A token that is broken indeed fails with
    the next signature.
    """
    return isinstance(error, _GONE) or "not initialized" in str(error)  # CKR_CRYPTOKI_NOT_INITIALIZED has no class


def unavailable(signer: str, why: str) -> Refused:
    """The refusal that passes with time."""
    return Refused(Reason.UNAVAILABLE, f"the signer {signer!r} cannot be reached: {why}", retry_after=RETRY_AFTER)
