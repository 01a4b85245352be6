"""A drop-in for Pebble, put together."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509

from emca_daemon.composition.core import Core
from emca_daemon.composition.pebble import mounts, pebble_core, run_pebble
from emca_daemon.composition.pebble_settings import PebblePlan
from emca_daemon.composition.service import MoreMounts
from emca_daemon.errors import Refused
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.acme.times import time_text
from emca_daemon.protocols.acme.validation import ValidationDesk
from emca_daemon.protocols.http import Peer, Request, Response
from emca_daemon.protocols.routing import Mount, Routes
from emca_daemon.settings.pebble import PebbleEnvironment, PebbleSettings, Place
from tests.support.acme_client import AcmeClient, csr_for

CALM = PebbleEnvironment(always_valid=True, sleep_seconds=0, nonce_reject=0, authz_reuse=100)
SETTINGS = PebbleSettings(
    certificate=Path("cert.pem"),
    private_key=Path("key.pem"),
    key_algorithm="ecdsa",
    management_listen_address=Place("", 15000),
    domain_blocklist=("blocked.example",),
)


class Waiting:
    """Validations that wait until they are asked for."""

    def holder(self) -> str:
        """Nobody."""
        return ""

    def wake(self, task: ValidationTask) -> None:
        """Nothing happens."""


class Served:
    """A Pebble in memory and what its listeners serve."""

    def __init__(self, core: Core, mounted: dict[str, tuple[Mount, ...]]) -> None:
        self.core = core
        self._routes = {name: Routes(served) for name, served in mounted.items()}

    def send(self, listener: str, request: Request) -> Response:
        """An answer of a listener."""
        responder = self._routes[listener].find(request.path)
        assert responder is not None, request.path
        return responder.respond(request)

    def client(self, host: str) -> AcmeClient:
        """A client that calls the server by this name."""

        def transport(request: Request) -> Response:
            headers = (("host", host), *request.headers)
            return self.send("acme", Request(**{**_fields(request), "headers": headers}))  # type: ignore[arg-type]

        return AcmeClient(transport, f"https://{host}/acme")

    def validate(self) -> None:
        """Find every challenge right."""
        desk = ValidationDesk(self.core.store, self.core.settings.acme, self.core.clock)
        for task in desk.due("here", 100):
            desk.succeed(task, Verdict(None).details)


def _fields(request: Request) -> dict[str, object]:
    names = ("method", "path", "query", "headers", "body", "peer", "id", "secure")
    return {name: getattr(request, name) for name in names}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One for all tests."""
    plan = PebblePlan(Path("/pebble.json"), SETTINGS, CALM)
    core, chains = pebble_core(plan)
    yield Served(core, dict(mounts(plan, core, chains, Waiting())))
    core.store.close()


@pytest.mark.parametrize("host", ["localhost:14000", "pebble:14000"])
def test_from_the_directory_to_the_certificate(served: Served, host: str) -> None:
    """Under every name that a client has for it; the chain ends at the root of the management interface."""
    client = served.client(host)
    directory = client.send("GET", f"https://{host}/dir").json
    assert directory["newOrder"].startswith(f"https://{host}/")
    client.register(termsOfServiceAgreed=True)
    order = client.order("www.example.com")
    client.post(client.challenge(order)["url"], {})
    served.validate()
    done = client.finalize(order, csr_for("www.example.com"))
    leaf, issuer = x509.load_pem_x509_certificates(client.post(done.json["certificate"]).response.body)
    leaf.verify_directly_issued_by(issuer)
    root = served.send("management", Request("GET", "/roots/0", "", (), b"", Peer("192.0.2.1"), "r-1"))
    issuer.verify_directly_issued_by(x509.load_pem_x509_certificate(root.body))


def test_orders_that_choose_their_validity(served: Served) -> None:
    """From the moment at which the client asks, though some have passed when it is read; until a day later."""
    client = served.client("localhost:14000").register(termsOfServiceAgreed=True)
    begin = served.core.clock().replace(microsecond=0) - timedelta(seconds=10)
    times = {"notBefore": time_text(begin), "notAfter": time_text(begin + timedelta(days=1))}
    order = client.order("when.example.com", **times)
    assert {name: order.json[name] for name in times} == times
    client.post(client.challenge(order)["url"], {})
    served.validate()
    done = client.finalize(order, csr_for("when.example.com"))
    leaf = x509.load_pem_x509_certificates(client.post(done.json["certificate"]).response.body)[0]
    assert (leaf.not_valid_before_utc, leaf.not_valid_after_utc) == (begin, begin + timedelta(days=1))


def test_blocked_names(served: Served) -> None:
    """And the names beneath them are refused."""
    client = served.client("localhost:14000").register(termsOfServiceAgreed=True)
    for name in ("blocked.example", "www.blocked.example", "*.blocked.example"):
        assert client.order(name).problem == "400 rejectedIdentifier"


def test_external_accounts_keys() -> None:
    """What is no base64url is said, and by which name."""
    settings = replace(SETTINGS, external_account_mac_keys={"kid-1": "a=b"})
    with pytest.raises(Refused) as refusal:
        pebble_core(PebblePlan(Path("/pebble.json"), settings, CALM))
    assert "kid-1" in refusal.value.detail
    good = replace(SETTINGS, external_account_mac_keys={"kid-1": "c2VjcmV0"})
    core, _ = pebble_core(PebblePlan(Path("/pebble.json"), good, CALM))
    with core.store.reading() as tx:
        binding = tx.acme.binding("kid-1")
    assert binding is not None
    assert binding.secret == b"secret"
    core.store.close()


@pytest.mark.parametrize("length", [1, 2])
def test_alternate_chains(length: int) -> None:
    """With further roots the certificate comes with as many alternates, each ending below another root."""
    plan = PebblePlan(Path("/pebble.json"), SETTINGS, replace(CALM, alternate_roots=2, chain_length=length))
    core, chains = pebble_core(plan)
    served = Served(core, dict(mounts(plan, core, chains, Waiting())))
    client = served.client("localhost:14000").register(termsOfServiceAgreed=True)
    order = client.order("www.example.com")
    client.post(client.challenge(order)["url"], {})
    served.validate()
    first = client.post(client.finalize(order, csr_for("www.example.com")).json["certificate"])
    issuers = set()
    assert len(first.links("alternate")) == 2
    for answer in (first, *(client.post(link) for link in first.links("alternate"))):
        found = x509.load_pem_x509_certificates(answer.response.body)
        assert len(found) == 1 + length
        for one, above in pairwise(found):
            one.verify_directly_issued_by(above)
        issuers.add(found[-1].issuer)
    roots = {x509.load_pem_x509_certificate(shown.root.encode()).subject for shown in chains}
    assert len(roots) == 3
    assert issuers == roots
    core.store.close()


def test_what_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sockets of both listeners, the CA in memory, and the mounts in the place of the usual ones."""
    served: list[object] = []

    def serve(core: Core, _metrics: object, sockets: object, _log: object, ready: object, others: MoreMounts) -> None:
        served.extend((sockets, ready, sorted(others(core, Waiting()))))
        core.store.close()

    monkeypatch.setattr("emca_daemon.composition.pebble.open_sockets", lambda listeners, *_: sorted(listeners))
    monkeypatch.setattr("emca_daemon.composition.pebble.serve_core", serve)
    run_pebble(PebblePlan(Path("/pebble.json"), SETTINGS, CALM), print)
    assert served == [["acme", "management"], print, ["acme", "management"]]
