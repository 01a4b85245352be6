"""EST in one process: one responder for all labels."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from cryptography import x509

from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.ca.cmp_signers import CmpSigners
from emca_daemon.ca.passwords import Lockout, PasswordCheck
from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import Duty
from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.tls import read_certificates
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.bearer import BearerToken, read_tokens
from emca_daemon.protocols.est.authentication import ALGORITHM_OF
from emca_daemon.protocols.est.digest import DigestCheck
from emca_daemon.protocols.est.endpoint import Endpoint
from emca_daemon.protocols.est.key_delivery import read_keys
from emca_daemon.protocols.est.paths import PREFIX
from emca_daemon.protocols.est.ports import Signer
from emca_daemon.protocols.est.responder import EstResponder
from emca_daemon.protocols.est.rollover import RolloverCertificate, rollover_certificate
from emca_daemon.protocols.est.shared_secrets import read_shared_secrets
from emca_daemon.protocols.est.trust import CertificateTrust
from emca_daemon.protocols.routing import Mount
from emca_daemon.settings.est import EstSettings
from emca_daemon.settings.secrets import read_secret


def est_mounts(core: Core) -> tuple[Mount, ...]:
    """Every label below one path; nothing where there is none."""
    if not core.settings.est:
        return ()
    with core.store.writing() as tx:
        key = tx.credentials.secret("est-digest", core.random(32))
    endpoints = {
        label: _endpoint(core, label, settings, key, est_signer(core, settings))
        for label, settings in core.settings.est.items()
    }
    return (Mount(PREFIX, EstResponder(endpoints), doubled_slashes=True),)


def est_signers(core: Core, settings: EstSettings) -> CmpSigners:
    """Who signs a label's own words: certificates with id-kp-cmcCA, as those of CMP's responders."""
    issuer = settings.issuer or core.enrollment.profile(settings.profile).issuer
    if issuer is None:
        raise Refused(Reason.PROFILE_REFUSED, f"the profile `{settings.profile}` names no issuer")
    return CmpSigners(
        issuer=issuer,
        profile=settings.signer_profile,
        key=settings.signer_key,
        store=core.store,
        authorities=core.authorities,
        enrollment=core.enrollment,
        keys=core.keys,
        clock=core.clock,
    )


def est_signer(core: Core, settings: EstSettings) -> Signer:
    """The one who signs now, asked for each time."""
    signers = est_signers(core, settings)

    def signer() -> SigningIdentity:
        current = signers.current()
        return SigningIdentity(current.certificate, signers.private_key(current))

    return signer


def est_duties(core: Core, requester: Requester) -> tuple[Duty, ...]:
    """Renewing the certificates that sign our own words."""
    duties: list[Duty] = []
    for label, settings in core.settings.est.items():
        if settings.signs:
            signers = est_signers(core, settings)
            duties.append(Duty(f"EST signer of {label}", partial(signers.renew, requester)))
    return tuple(duties)


def _endpoint(core: Core, label: str, settings: EstSettings, key: bytes, signer: Signer) -> Endpoint:
    http = settings.http
    lockout = Lockout(core.store, http.attempts, http.lock)
    keys = settings.serverkeygen.keys
    authorities = [one for path in settings.certificates.authorities for one in read_certificates(path)]
    return Endpoint(
        label=label,
        settings=settings,
        store=core.store,
        enrollment=core.enrollment,
        authorities=core.authorities,
        passwords=PasswordCheck(core.store, lockout, core.clock, core.random),
        digest=DigestCheck(
            core.store,
            lockout,
            realm=http.realm,
            algorithms=tuple(ALGORITHM_OF[method] for method in http.methods if method in ALGORITHM_OF),
            lifetime=http.nonce_lifetime,
            key=key,
            clock=core.clock,
            random=core.random,
        ),
        tokens=_tokens(http.tokens),
        signer=signer,
        revoking=core.revoking,
        secrets={} if settings.cmc_secrets is None else read_shared_secrets(read_secret(settings.cmc_secrets).decode()),
        recipient_keys={} if keys is None else read_keys(read_secret(keys).decode()),
        trust=CertificateTrust(
            settings.certificates,
            settings.profile,
            settings.issuer or core.enrollment.profile(settings.profile).issuer,
            core.store,
            authorities=authorities,
            lists=revocation_lists(settings.certificates.crls),
        ),
        clock=core.clock,
        random=core.random,
        weak_keys=core.weak_keys,
        rollover=_rollover(core, settings),
    )


def _rollover(core: Core, settings: EstSettings) -> tuple[RolloverCertificate, ...]:
    """The certificates in the files; raises Refused where they are not what they claim, or no issuer follows."""
    known = core.authorities.known()
    if settings.next_issuer is not None and settings.next_issuer not in [one.name for one in known]:
        raise Refused(Reason.NOT_FOUND, f"there is no issuer `{settings.next_issuer}` with a certificate")
    issuers = (settings.issuer or core.enrollment.profile(settings.profile).issuer, settings.next_issuer)
    ours = [certificate for authority in known for certificate in authority.chain]
    served = [certificate for authority in known if authority.name in issuers for certificate in authority.chain]
    found = [one for path in settings.rollover_certificates for one in read_certificates(path)]
    return tuple(rollover_certificate(one, ours, served) for one in found)


def _tokens(path: Path | None) -> tuple[BearerToken, ...]:
    return () if path is None else read_tokens(read_secret(path).decode())


def revocation_lists(paths: Sequence[Path]) -> Callable[[], Sequence[x509.CertificateRevocationList]]:
    """The CRLs in these files, each read again when it has changed; raises Refused(UNAVAILABLE)."""
    kept: dict[Path, tuple[int, x509.CertificateRevocationList]] = {}

    def lists() -> Sequence[x509.CertificateRevocationList]:
        for path in paths:
            try:
                changed = path.stat().st_mtime_ns
                if path not in kept or kept[path][0] != changed:
                    kept[path] = (changed, _read_list(path.read_bytes()))
            except (OSError, ValueError) as error:
                raise Refused(Reason.UNAVAILABLE, f"no CRL can be read from {path}: {error}") from error
        return [kept[path][1] for path in paths]

    return lists


def _read_list(content: bytes) -> x509.CertificateRevocationList:
    if content.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_crl(content)
    return x509.load_der_x509_crl(content)
