"""Tests of the signer whose keys are in a token."""

from collections.abc import Callable
from itertools import count

import pytest

from emca_daemon.settings.model import Pkcs11SignerSettings
from emca_daemon.signers.choosing import ChosenKeys, open_keys
from tests.contracts.signer_contract import SignerContract
from tests.support.softhsm import SoftHsm

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
