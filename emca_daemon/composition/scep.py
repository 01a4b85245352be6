"""SCEP in one process: an endpoint a settings table, its registration authority, and what is forgotten in time."""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from emca_daemon.ca.ra_certificates import RaCertificates, RaPlan
from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import Duty
from emca_daemon.composition.scep_outside import asking_challenges, notices_duty
from emca_daemon.composition.scep_provisioning import provisioning_mounts
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.routing import Mount
from emca_daemon.protocols.scep.challenges import Challenges, NoChallenge, StaticChallenge
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.made_challenges import DeviceChallenges, OneTimeChallenges
from emca_daemon.protocols.scep.ports import Registration
from emca_daemon.protocols.scep.registration import OwnRegistration, RaRegistration
from emca_daemon.protocols.scep.responder import ScepResponder
from emca_daemon.settings.scep import CLIENT_PATH, DEFAULT_ENDPOINT, ScepSettings
from emca_daemon.settings.secrets import read_secret

ROOT = "/scep"
"""Where endpoints have their names, and the default endpoint answers for itself."""

FORGOTTEN_AT_ONCE = 1000
CHALLENGES_KEPT = timedelta(days=30)
"""How long challenges that have expired or were revoked stay in the list, and say so to whoever still tries them."""


def scep_mounts(core: Core, *, waits: bool) -> tuple[Mount, ...]:
    """Every endpoint at each of its paths; old clients write a slash too many or other capitals, which does no harm."""
    mounts: list[Mount] = []
    for name, settings in core.settings.scep.items():
        endpoint = scep_endpoint(core, name, settings)
        mounts += provisioning_mounts(core, endpoint)
        for path in settings.every_path(name):
            root = path if path == ROOT else ""
            responder = ScepResponder(endpoint, waits=waits or settings.asks, root=root)
            mounts.append(Mount(path, responder, any_case=True))
        if name == DEFAULT_ENDPOINT and not settings.paths:
            mounts.append(Mount(CLIENT_PATH, ScepResponder(endpoint, waits=waits or settings.asks), after_any=True))
    return tuple(mounts)


def scep_endpoint(core: Core, name: str, settings: ScepSettings) -> Endpoint:
    """One endpoint; raises Refused where nothing would guard it, or its RA's keys are where none decrypts."""
    if settings.challenge.policy == "none" and core.enrollment.profile(settings.profile).approval != "manual":
        raise Refused(
            Reason.PROFILE_REFUSED,
            f"scep.{name}: without a challenge the profile `{settings.profile}` must have manual approval",
        )
    _demand_decryption(core, name, settings)
    return Endpoint(
        name=name,
        settings=settings,
        store=core.store,
        authorities=core.authorities,
        enrollment=core.enrollment,
        registration=_registration(core, name, settings),
        challenges=_challenges(core, name, settings),
        clock=core.clock,
        random=core.random,
        weak_keys=core.weak_keys,
    )


def scep_duties(core: Core, requester: Requester) -> tuple[Duty, ...]:
    """Making and renewing the RA's keys and certificates, and forgetting old transactions."""
    if not core.settings.scep:
        return ()
    registrations = [
        ra_certificates(core, name, settings) for name, settings in core.settings.scep.items() if settings.ra_profiles
    ]

    def renew() -> None:
        for one in registrations:
            try:
                one.renew(requester)
            except Refused as refusal:
                if refusal.reason not in (Reason.NOT_FOUND, Reason.WRONG_STATE):
                    raise  # an issuer that is not there yet has nothing to renew

    def forget() -> None:
        now = core.clock()
        with core.store.reading() as tx:
            overdue = (
                tx.scep.overdue(now),
                tx.scep_challenges.overdue(now - CHALLENGES_KEPT),
                tx.scep_asked.overdue(now),
            )
        if any(overdue):
            with core.store.writing() as writing:
                writing.scep.forget(now, FORGOTTEN_AT_ONCE)
                writing.scep_asked.forget(now, FORGOTTEN_AT_ONCE)
                writing.scep_challenges.forget(now - CHALLENGES_KEPT, FORGOTTEN_AT_ONCE)

    own = (Duty("SCEP registration authorities", renew), Duty("SCEP transactions", forget))
    return (*own, notices_duty(core, requester))


def ra_certificates(core: Core, name: str, settings: ScepSettings) -> RaCertificates:
    """The registration authority of an endpoint."""
    plan = RaPlan(
        name=name,
        issuer=_issuer(core, settings),
        profiles=settings.ra_profiles,
        signer=_signer(core, settings),
        algorithm=settings.ra_algorithm,
        former=settings.renewal.issuers,
    )
    return RaCertificates(
        plan,
        store=core.store,
        authorities=core.authorities,
        enrollment=core.enrollment,
        keys=core.keys,
        clock=core.clock,
        random=core.random,
    )


def _signer(core: Core, settings: ScepSettings) -> str:
    """Where the RA's keys are."""
    return settings.ra_signer or next(iter((*core.settings.software, *core.settings.pkcs11)))


def _demand_decryption(core: Core, name: str, settings: ScepSettings) -> None:
    """Raises Refused(ALGORITHM_REFUSED) at once where the RA, or the CA itself, would fail with the first message."""
    if settings.ra_profiles:
        signer = _signer(core, settings)
        problem = core.keys.check_decrypting(signer)
        if problem:
            detail = f"scep.{name}: the signer `{signer}` cannot keep the RA's keys: {problem}"
            raise Refused(Reason.ALGORITHM_REFUSED, f"{detail}; name another one in `ra_signer`")
    elif not _may_decrypt(core, issuer := _issuer(core, settings)):
        detail = f"scep.{name}: no client can encrypt to the CA `{issuer}`, for it has no RSA key"
        raise Refused(Reason.ALGORITHM_REFUSED, f'{detail}; `ra = "one"` puts an RA before it')


def _may_decrypt(core: Core, issuer: IssuerName) -> bool:
    """Whether the CA has an RSA key, or is not there yet."""
    try:
        return isinstance(core.authorities.get(issuer).public_key, rsa.RSAPublicKey)
    except Refused:
        return True


def _registration(core: Core, name: str, settings: ScepSettings) -> Registration:
    issuer = _issuer(core, settings)
    own = OwnRegistration(lambda: core.authorities.get(issuer), core.keys)
    if settings.ra_profiles:
        return RaRegistration(ra_certificates(core, name, settings), own if settings.ca_decrypts else None)
    return own


def _challenges(core: Core, name: str, settings: ScepSettings) -> Challenges:
    if settings.asks:
        return asking_challenges(core, name, settings)
    match settings.challenge.policy:
        case "one-time":
            return OneTimeChallenges(core.store, core.clock)
        case "device":
            return DeviceChallenges(core.store, core.clock, settings.challenge.device_id)
    if settings.challenge.secret_file is None:
        return NoChallenge()
    return StaticChallenge(read_secret(settings.challenge.secret_file))


def _issuer(core: Core, settings: ScepSettings) -> IssuerName:
    issuer = settings.issuer or core.enrollment.profile(settings.profile).issuer
    if issuer is None:
        raise Refused(Reason.PROFILE_REFUSED, f"the profile `{settings.profile}` names no issuer")
    return issuer
