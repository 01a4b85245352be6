"""The import contracts in `setup.cfg` cover what is there."""

from configparser import ConfigParser

from tests.architecture.tree import PACKAGE, ROOT


def contract(name: str, option: str) -> set[str]:
    """The modules that a contract lists."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return set(parser.get(f"importlinter:contract:{name}", option).split())


def test_every_protocol_is_kept_apart_from_the_others() -> None:
    """A new package in `protocols/` must be named in the contract of independence."""
    packages = {f"emca_daemon.protocols.{path.parent.name}" for path in PACKAGE.glob("protocols/*/__init__.py")}
    assert contract("apart", "modules") == packages


def test_nothing_pure_reaches_the_outside() -> None:
    """The rooms below the listeners, and the libraries that they must not reach even through others."""
    assert {f"emca_daemon.{room}" for room in ("protocols", "ca", "policy", "asn1")} == contract(
        "pure", "source_modules"
    )
    assert {"twisted", "sqlalchemy", "socket", "pkcs11"} <= contract("pure", "forbidden_modules")
