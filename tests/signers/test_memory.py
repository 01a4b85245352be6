"""The signer whose keys are in memory."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.signers.memory import MemoryKeys
from tests.contracts.signer_contract import SignerContract


@pytest.fixture
def keys() -> MemoryKeys:
    """An empty signer."""
    return MemoryKeys("soft")


@pytest.fixture
def reopen(keys: MemoryKeys) -> Callable[[], MemoryKeys]:
    """There is only the one."""
    return lambda: keys


class TestContract(SignerContract):
    """It does what every signer must do."""

    @pytest.fixture(params=["p-256", "rsa-2048", "ed25519"])
    def algorithm(self, request: pytest.FixtureRequest) -> str:
        """One algorithm after the other."""
        return str(request.param)

    @pytest.fixture
    def unique(self) -> str:
        """A name that no key has."""
        return "soft:one"


def test_other_signers_keys_have_no_place(keys: MemoryKeys) -> None:
    """A key's name begins with the signer's."""
    with pytest.raises(Refused) as refusal:
        keys.import_key(KeyName("other:one"), ec.generate_private_key(ec.SECP256R1()))
    assert refusal.value.reason is Reason.NOT_FOUND
    assert keys.check() == keys.check_decrypting() == ""
