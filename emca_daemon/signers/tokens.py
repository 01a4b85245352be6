"""Every configured PKCS#11 token; importing this loads python-pkcs11, which a daemon without tokens does not need."""

from collections.abc import Mapping

from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.model import Pkcs11SignerSettings
from emca_daemon.signers.pkcs11 import TokenKeys
from emca_daemon.signers.pkcs11_module import Module
from emca_daemon.signers.pkcs11_pin import PinFile
from emca_daemon.signers.pkcs11_token import Token


def token_keys(settings: Mapping[str, Pkcs11SignerSettings], random: RandomBytes) -> dict[str, TokenKeys]:
    """The keys of each token by its signer's name; tokens of one library share it, nothing is opened yet."""
    modules = {path: Module(path) for path in {one.proxy or one.module for one in settings.values()}}
    signers = {}
    for name, one in settings.items():
        pin = PinFile(name, one.pin_file)
        token = Token(name, modules[one.proxy or one.module], pin, one.token_label, one.token_serial)
        signers[name] = TokenKeys(token, random)
    return signers
