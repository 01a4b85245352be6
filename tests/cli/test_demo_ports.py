"""The ports of a demonstration."""

import socket

import click
import pytest

from emca_daemon.cli.demo_ports import check_ports
from emca_daemon.errors import Reason, Refused
from tests.support.daemon import free_port


def test_free_ports_stay_free() -> None:
    """They are closed again: the daemon binds them later."""
    port, tls_port = free_port(pair=True), free_port(pair=True)
    check_ports(port, tls_port)
    check_ports(port, tls_port)


@pytest.mark.parametrize(("place", "behind"), [("http (PORT)", 0), ("status (PORT + 1)", 1)])
def test_the_listener_whose_port_is_taken_is_named(place: str, behind: int) -> None:
    """With the way to choose others."""
    port = free_port(pair=True)
    with socket.create_server(("127.0.0.1", port + behind)), pytest.raises(Refused) as refused:
        check_ports(port, free_port(pair=True))
    assert refused.value.reason is Reason.UNAVAILABLE
    assert f"listener {place}: cannot listen on 127.0.0.1 port {port + behind}" in refused.value.detail
    assert "--port and --tls-port (PORT and TLS_PORT)" in refused.value.detail


@pytest.mark.parametrize(
    ("tls_port", "one", "other", "number"),
    [
        (18080, "http (PORT)", "https (TLS_PORT)", 18080),
        (18081, "status (PORT + 1)", "https (TLS_PORT)", 18081),
        (18079, "http (PORT)", "est (TLS_PORT + 1)", 18080),
    ],
)
def test_ports_too_close_to_each_other_are_refused(tls_port: int, one: str, other: str, number: int) -> None:
    """Both listeners are named."""
    with pytest.raises(click.UsageError, match="--tls-port") as refused:
        check_ports(18080, tls_port)
    assert f"listeners {one} and {other} both want port {number}" in refused.value.message
