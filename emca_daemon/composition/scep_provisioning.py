"""Who hands out SCEP's challenges: for the command line, and by the page and the API at an endpoint's side."""

from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.provisioning import Provisioning
from emca_daemon.settings.scep import ScepChallengeSettings


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
