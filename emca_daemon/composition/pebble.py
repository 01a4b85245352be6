"""A drop-in for Pebble: its configuration, its addresses and its management interface, on our own CA in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from josepy.b64 import b64decode

from emca_daemon.ca.records import AuditEvent
from emca_daemon.clock import system_clock
from emca_daemon.composition.acme import acme_endpoints
from emca_daemon.composition.chaos import chaotic
from emca_daemon.composition.core import Core, build_core
from emca_daemon.composition.daemon import serve_core
from emca_daemon.composition.pebble_authorities import SIGNER, issuing, make_authorities
from emca_daemon.composition.pebble_settings import ACME_PATH, MANAGEMENT, PebblePlan, profiles_of, settings_of
from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.endpoints import open_sockets
from emca_daemon.logs import make_log
from emca_daemon.metrics import Metrics
from emca_daemon.protocols.acme.ports import Validations
from emca_daemon.protocols.acme.records import Binding
from emca_daemon.protocols.chaos.moved import MovedDirectory
from emca_daemon.protocols.http import Responder
from emca_daemon.protocols.pebble.hosts import HostResponders
from emca_daemon.protocols.pebble.management import MANAGEMENT_PATHS, RENEWAL_PATH, Chain, ManagementResponder
from emca_daemon.protocols.pebble.renewals import OverridingResponder, Renewals
from emca_daemon.protocols.routing import Mount
from emca_daemon.signers.choosing import ChosenKeys
from emca_daemon.signers.memory import MemoryKeys
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlStore

DIRECTORY: Final = "/dir"


def run_pebble(plan: PebblePlan, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop; raises Refused for what keeps it from starting."""
    settings = settings_of(plan, issuing(0))
    log = make_log(settings.logs, system_clock)
    sockets = open_sockets(settings.listeners, {}, 0)
    metrics = Metrics()
    core, chains = pebble_core(plan, metrics.note)
    serve_core(core, metrics, sockets, log, ready, lambda core, validations: mounts(plan, core, chains, validations))


def pebble_core(
    plan: PebblePlan, noticed: Callable[[AuditEvent], None] = lambda _: None
) -> tuple[Core, tuple[Chain, ...]]:
    """The CA in memory with its roots and intermediates made, and what is shown of them; raises Refused."""
    settings = settings_of(plan, issuing(0))
    engine = open_engine(settings.store)
    migrate(engine)
    store = SqlStore(engine, system_clock, noticed=noticed)
    keys = ChosenKeys({SIGNER: MemoryKeys(SIGNER)})
    core = build_core(settings, profiles_of(plan), store=store, keys=keys)
    chains = make_authorities(
        core,
        roots=1 + plan.environment.alternate_roots,
        length=plan.environment.chain_length,
        key_algorithm=plan.settings.key_algorithm,
    )
    _add_external_accounts(core, plan.settings.external_account_mac_keys)
    return core, chains


def _add_external_accounts(core: Core, keys: Mapping[str, str]) -> None:
    """Keep the MAC keys of external accounts, base64url as Pebble has them; raises Refused(MALFORMED)."""
    now = core.clock()
    for name, text in keys.items():
        try:
            secret = b64decode(text)
        except ValueError:
            detail = f"externalAccountMACKeys: the key of {name} is not base64url without padding"
            raise Refused(Reason.MALFORMED, detail) from None
        with core.store.writing() as tx:
            tx.acme.add_binding(Binding(id=name, endpoint=None, secret=secret, created=now))


def mounts(
    plan: PebblePlan, core: Core, chains: Sequence[Chain], validations: Validations
) -> Mapping[str, tuple[Mount, ...]]:
    """The ACME endpoint under every host name, its directory where Pebble has it, and the management interface."""
    (endpoint,) = acme_endpoints(core, validations)
    renewals = Renewals()
    in_chaos = chaotic(core)
    wait = plan.settings.retry_after

    def of_host(host: str) -> Responder:
        settings = replace(endpoint.settings, base_url=f"https://{host}{ACME_PATH}")
        overriding = OverridingResponder(
            in_chaos(replace(endpoint, settings=settings)),
            renewals,
            renewal_path=f"{ACME_PATH}/renewal-info",
            waits={f"{ACME_PATH}/authorization/": wait.authz, f"{ACME_PATH}/order/": wait.order},
        )
        return MovedDirectory(overriding, entrance=DIRECTORY, directory=f"{ACME_PATH}/directory")

    hosts = HostResponders(of_host, str(plan.settings.listen_address))
    issuers = [issuing(number) for number in range(len(chains))]
    management = ManagementResponder(core.store, chains, issuers, renewals)
    return {
        "acme": (Mount(ACME_PATH, hosts), Mount(DIRECTORY, hosts)),
        MANAGEMENT: tuple(Mount(path, management) for path in (*MANAGEMENT_PATHS, RENEWAL_PATH)),
    }
