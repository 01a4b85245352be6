"""A SoftHSM2 of the tests' own: settings, folder and tokens that nobody else uses."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

PIN = "pin-of-the-tests-8461"
OFFICER_PIN = "officer-pin-of-the-tests-5530"
_PLACES = tuple(map(Path, ("/usr/lib/softhsm", *sorted(map(str, Path("/usr/lib").glob("*-linux-gnu*"))), "/usr/lib64")))


def softhsm_module() -> Path:
    """The module; tests of tokens fail, and are not skipped, where it is not installed."""
    return _installed("softhsm2", "libsofthsm2.so", "softhsm/libsofthsm2.so", "pkcs11/libsofthsm2.so")


def p11_kit_proxy() -> Path:
    """The module that stands for all the modules of the system."""
    return _installed("libp11-kit0", "p11-kit-proxy.so")


def _installed(package: str, *names: str) -> Path:
    """A file of a package."""
    for place in _PLACES:
        for name in names:
            if (place / name).exists():
                return place / name
    raise AssertionError(f"{names[0]} is not installed: apt-get install {package}")


class SoftHsm:
    """A folder with tokens. The module reads its settings when it is initialised, from where the environment says."""

    def __init__(self, folder: Path) -> None:
        """Write the settings and point this process at them."""
        self.module = softhsm_module()
        self.tokens = folder / "tokens"
        self.tokens.mkdir(parents=True)
        self.settings = folder / "softhsm2.conf"
        self.settings.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n", encoding="utf-8"
        )
        self.pin_file = folder / "pin"
        self.pin_file.touch(mode=0o600)
        self.pin_file.write_text(PIN + "\n", encoding="utf-8")
        os.environ["SOFTHSM2_CONF"] = str(self.settings)

    def make_token(self, label: str) -> None:
        """Set up a token, in a process of its own."""
        _softhsm2_util("--init-token", "--free", "--label", label, "--so-pin", OFFICER_PIN, "--pin", PIN)

    def remove_token(self, label: str) -> None:
        """Take a token away with its keys, in a process of its own."""
        _softhsm2_util("--delete-token", "--token", label)

    def raw(self, function: str, *arguments: int | None) -> int:
        """Call a function of the module behind everybody's back, as other code in the process could."""
        called = getattr(ctypes.CDLL(str(self.module)), function)
        called.restype = ctypes.c_ulong
        return int(called(*(None if one is None else ctypes.c_ulong(one) for one in arguments)))


def _softhsm2_util(*arguments: str) -> None:
    """Run SoftHSM2's own tool."""
    tool = shutil.which("softhsm2-util")
    assert tool, "SoftHSM2 is not installed: apt-get install softhsm2"
    subprocess.run([tool, *arguments], check=True, capture_output=True, timeout=60)
