"""Look-ups through Unbound, which validates: a signed zone, one whose signatures are wrong, and one without any."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.selectreactor import SelectReactor

from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.dns_exchange import Exchange
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.randomness import system_random
from emca_daemon.settings.acme import NetworkSettings
from tests.support.background import running
from tests.support.clients import program
from tests.support.daemon import free_port, wait_for

pytestmark = pytest.mark.interop

ZONE = """$ORIGIN {name}.
$TTL 60
@ IN SOA ns.{name}. root.{name}. 1 3600 600 86400 60
@ IN NS ns.{name}.
ns IN A 127.0.0.1
_acme-challenge IN TXT "proof"
"""
SERVER = """server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1@{port}
  do-ip6: no
  module-config: "validator iterator"
  local-zone: "test." nodefault
remote-control:
  control-enable: no
"""
PART = """server:
  {trust}
auth-zone:
  name: "{name}"
  zonefile: "{file}"
  for-downstream: no
  for-upstream: yes
"""


def signed(folder: Path, name: str) -> tuple[str, str]:
    """A signed zone, and the DS record of its key."""
    plain = folder / f"{name}.plain"
    plain.write_text(ZONE.format(name=name))

    def tool(*words: str) -> str:
        done = subprocess.run([program(words[0]), *words[1:]], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    key = tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name)
    tool("ldns-signzone", "-n", plain.name, key)
    return (folder / f"{plain.name}.signed").read_text(), (folder / f"{key}.ds").read_text().strip()


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Unbound with three zones: `good.test`, `forged.test`, `plain.test`."""
    folder = tmp_path_factory.mktemp("dnssec")
    port = free_port()
    text = SERVER.format(folder=folder, port=port)
    for name, forged in (("good.test", False), ("forged.test", True)):
        zone, ds = signed(folder, name)
        (folder / name).write_text(zone.replace('"proof"', '"forged"') if forged else zone)
        anchor = f'trust-anchor: "{" ".join(ds.split())}"'
        text += PART.format(trust=anchor, name=name, file=folder / name)
    (folder / "plain.test").write_text(ZONE.format(name="plain.test"))
    text += PART.format(trust='domain-insecure: "plain.test"', name="plain.test", file=folder / "plain.test")
    config = folder / "unbound.conf"
    config.write_text(text)
    with running("unbound", "-d", "-c", config, folder=folder) as unbound:
        wait_for(lambda: "start of service" in unbound.log, "Unbound")
        yield f"127.0.0.1:{port}"


def texts(resolver: str, name: str, dnssec: str) -> tuple[bytes, ...]:
    """The TXT records of a name."""
    reactor: Any = SelectReactor()
    found: list[Any] = []
    lookups = Lookups(NetworkSettings(resolvers=(resolver,), dnssec=dnssec), Exchange(reactor, system_random))

    def begin() -> None:
        work = Deferred.fromCoroutine(lookups.texts(name, Deadline(reactor, 8)))
        work.addBoth(found.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run(installSignalHandlers=False)
    (result,) = found
    if hasattr(result, "raiseException"):
        result.raiseException()
    return tuple(result)


def test_signed_answers_count(resolver: str) -> None:
    """Absence too, which is signed like everything else."""
    for dnssec in ("off", "required"):
        assert texts(resolver, "_acme-challenge.good.test", dnssec) == (b"proof",)
        assert texts(resolver, "nothing.good.test", dnssec) == ()


def test_wrong_signatures_are_a_failure_whatever_the_settings_say(resolver: str) -> None:
    """The resolver answers SERVFAIL."""
    for dnssec in ("off", "required"):
        with pytest.raises(Refused, match="SERVFAIL"):
            texts(resolver, "_acme-challenge.forged.test", dnssec)


def test_names_without_signatures_count_unless_dnssec_is_required(resolver: str) -> None:
    """Nobody can have validated them."""
    assert texts(resolver, "_acme-challenge.plain.test", "off") == (b"proof",)
    with pytest.raises(Refused, match="did not validate") as refused:
        texts(resolver, "_acme-challenge.plain.test", "required")
    assert refused.value.reason is Reason.UNAVAILABLE
