"""The ports of a demonstration: two are asked for, two more lie behind them."""

from contextlib import ExitStack

import click

from emca_daemon.errors import Refused
from emca_daemon.listeners.endpoints import bind
from emca_daemon.settings.model import ListenerSettings

_OTHERS = "choose others with --port and --tls-port (PORT and TLS_PORT)"


def check_ports(port: int, tls_port: int) -> None:
    """Whether every listener of conf/demo.toml finds its port free, before anything is made that names them.

    Raises UsageError where two of them want the same, and Refused(UNAVAILABLE) for one that is taken.
    """
    wanted = {
        "http (PORT)": port,
        "status (PORT + 1)": port + 1,
        "https (TLS_PORT)": tls_port,
        "est (TLS_PORT + 1)": tls_port + 1,
    }
    seen: dict[int, str] = {}
    for name, number in wanted.items():
        if (other := seen.setdefault(number, name)) != name:
            raise click.UsageError(f"listeners {other} and {name} both want port {number}; {_OTHERS}")
    with ExitStack() as opened:
        for name, number in wanted.items():
            try:
                opened.enter_context(bind(name, ListenerSettings(port=number), {}))
            except Refused as refused:
                raise Refused(refused.reason, f"{refused.detail}; {_OTHERS}") from refused
