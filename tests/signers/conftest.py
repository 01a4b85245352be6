"""What the tests of signers share."""

import pytest

from tests.support.softhsm import SoftHsm


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """One SoftHSM2 folder for the whole run, with one token: the module is initialised once a process."""
    hsm = SoftHsm(tmp_path_factory.mktemp("softhsm"))
    hsm.make_token("contract")
    return hsm
