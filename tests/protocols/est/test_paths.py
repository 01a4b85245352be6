"""Paths into labels and operations."""

import pytest

from emca_daemon.protocols.est.errors import EstRefusal
from emca_daemon.protocols.est.paths import Target, check_method, read_target

LABELS = ("default", "iot")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/cacerts", Target("default", "cacerts")),
        ("//cacerts/", Target("default", "cacerts")),
        ("/iot/cacerts", Target("iot", "cacerts")),
        ("/iot//%63acerts", Target("iot", "cacerts")),
    ],
)
def test_label_and_operation_are_found(path: str, target: Target) -> None:
    """Doubled and trailing slashes and percent-encoding are overlooked."""
    assert read_target("/.well-known/est" + path, LABELS) == target


@pytest.mark.parametrize("path", ["//.well-known/est/cacerts", "/.well-known//est//cacerts"])
def test_slashes_in_front_are_overlooked(path: str) -> None:
    """As below the mount."""
    assert read_target(path, LABELS) == Target("default", "cacerts")


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/iot", "/iot/nothing", "/other/cacerts", "/a/iot/cacerts", "/cacerts/cacerts"]
)
def test_what_is_not_there_is_404(path: str) -> None:
    """Unknown labels and operations, and paths that are too long."""
    with pytest.raises(EstRefusal) as refused:
        read_target("/.well-known/est" + path, LABELS)
    assert refused.value.status == 404


def test_without_a_default_a_label_is_needed() -> None:
    """Then the short path leads nowhere."""
    with pytest.raises(EstRefusal):
        read_target("/.well-known/est/cacerts", ("iot",))


@pytest.mark.parametrize(
    ("method", "operation", "allowed"), [("POST", "cacerts", "GET, HEAD"), ("GET", "simpleenroll", "POST")]
)
def test_a_wrong_method_is_405(method: str, operation: str, allowed: str) -> None:
    """With those that are allowed."""
    with pytest.raises(EstRefusal) as refused:
        check_method(method, read_target(f"/.well-known/est/{operation}", LABELS))
    assert refused.value.status == 405
    assert refused.value.headers == (("Allow", allowed),)
