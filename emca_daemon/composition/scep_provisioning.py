"""Who hands out SCEP's challenges: for the command line, and by the page and the API at an endpoint's side."""

from emca_daemon.ca.passwords import Lockout, PasswordCheck
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.bearer import read_tokens
from emca_daemon.protocols.routing import Mount
from emca_daemon.protocols.scep.api import RegistrationApi
from emca_daemon.protocols.scep.challenge_page import ChallengePage
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.http_access import Access
from emca_daemon.protocols.scep.jamf import JamfWebhook
from emca_daemon.protocols.scep.provisioning import Provisioning
from emca_daemon.settings.scep import ScepChallengeSettings, ScepSettings
from emca_daemon.settings.secrets import read_secret


def scep_provisioning(core: Core, name: str, policy: str) -> Provisioning:
    """Challenges and devices of an endpoint.

    Raises Refused: NOT_FOUND for an endpoint that is not in the settings, WRONG_STATE for one that has another
    policy, whose challenges nobody could use there.
    """
    settings = core.settings.scep.get(name)
    if settings is None:
        raise Refused(Reason.NOT_FOUND, f"there is no SCEP endpoint `{name}`")
    if settings.challenge.policy != policy:
        found = settings.challenge.policy
        raise Refused(Reason.WRONG_STATE, f'[scep.{name}.challenge] has policy = "{found}", not "{policy}"')
    return provisioning_of(core, name)


def provisioning_of(core: Core, name: str) -> Provisioning:
    """The same for whoever takes back what was made: the endpoint may be gone from the settings since."""
    settings = core.settings.scep.get(name)
    lifetime = (ScepChallengeSettings() if settings is None else settings.challenge).lifetime
    return Provisioning(name, lifetime, store=core.store, clock=core.clock, random=core.random)


def provisioning_mounts(core: Core, endpoint: Endpoint) -> tuple[Mount, ...]:
    """The page, the API and the webhook for Jamf Pro of an endpoint, where it has them."""
    settings = endpoint.settings
    if not settings.has_users:
        return ()
    access, provisioning = _access(core, endpoint.name, settings), provisioning_of(core, endpoint.name)
    mounts = []
    if settings.page.enabled:
        mounts.append(Mount(settings.page.path, ChallengePage(endpoint, access, provisioning), any_case=True))
    if settings.api.enabled:
        mounts.append(Mount(settings.api_path(endpoint.name), RegistrationApi(endpoint, access, provisioning)))
    if settings.jamf.enabled:
        mounts.append(Mount(settings.jamf_path(endpoint.name), JamfWebhook(endpoint, access, provisioning)))
    return tuple(mounts)


def _access(core: Core, name: str, settings: ScepSettings) -> Access:
    users = settings.users
    lockout = Lockout(core.store, users.attempts, users.lock)
    return Access(
        name,
        users,
        store=core.store,
        passwords=PasswordCheck(core.store, lockout, core.clock, core.random),
        tokens=() if users.tokens is None else read_tokens(read_secret(users.tokens).decode()),
        clock=core.clock,
    )
