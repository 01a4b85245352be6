"""Checks of what settings point to on this machine: files, folders, secrets, profiles, the account to run as."""

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from emca_daemon.settings.attestation import ROOTS, AcmeAttestationSettings
from emca_daemon.settings.cmp import CmpSettings
from emca_daemon.settings.corroboration import AcmePerspectivesSettings
from emca_daemon.settings.est import EstSettings
from emca_daemon.settings.findings import Finding
from emca_daemon.settings.model import Settings, TlsSettings
from emca_daemon.settings.reading import SQLITE
from emca_daemon.settings.scep import ScepSettings
from emca_daemon.settings.secrets import misplaced


def check_files(settings: Settings) -> Iterator[Finding]:
    """Everything that is not on this machine as the settings say."""
    yield from _profiles(settings)
    yield from _store_and_signers(settings)
    for name, listener in settings.listeners.items():
        if listener.tls is not None:
            yield from _tls(listener.tls, f"listeners.{name}.tls")
    for name, acme in settings.acme.items():
        yield from _perspectives(acme.perspectives, f"acme.{name}.perspectives")
        for authority, token in acme.token_authorities.items():
            yield from readable(f"acme.{name}.token_authorities.{authority}.certificate", token.certificate)
        yield from _attestation(acme.attestation, f"acme.{name}.attestation")
    for name, cmp in settings.cmp.items():
        yield from _cmp(cmp, f"cmp.{name}", demo=settings.demo)
    for name, scep in settings.scep.items():
        yield from _scep(scep, f"scep.{name}", demo=settings.demo)
    for name, label in settings.est.items():
        yield from _est(label, f"est.{name}")
    if settings.weak_keys is not None and not _is_file(settings.weak_keys):
        yield "weak_keys", f"expected a file at {settings.weak_keys}"
    if settings.user is not None and not _known_user(settings.user):
        yield "user", f"expected an account of this machine, found `{settings.user}`"


def _perspectives(perspectives: AcmePerspectivesSettings, key: str) -> Iterator[Finding]:
    if perspectives.certificate is not None:
        yield from readable(f"{key}.certificate", perspectives.certificate)
    if perspectives.key is not None:
        yield from _secret(f"{key}.key", perspectives.key)
    for name, remote in perspectives.remotes.items():
        yield from readable(f"{key}.remotes.{name}.certificate", remote.certificate)


def _attestation(attestation: AcmeAttestationSettings, key: str) -> Iterator[Finding]:
    for name, field in ROOTS.items():
        for file in attestation.of(name):
            yield from readable(f"{key}.{field}", file)


def _scep(scep: ScepSettings, key: str, *, demo: bool) -> Iterator[Finding]:
    if scep.challenge.secret_file is not None and not demo:  # the demonstration makes its own
        yield from _secret(f"{key}.challenge.secret_file", scep.challenge.secret_file)
    if scep.users.tokens is not None:
        yield from _secret(f"{key}.users.tokens", scep.users.tokens)
    for field, path in scep.outside_files:
        yield from _secret(f"{key}.{field}", path)
    if scep.calls.ca_file is not None and not _is_file(scep.calls.ca_file):
        yield f"{key}.calls.ca_file", f"expected a file at {scep.calls.ca_file}"


def _profiles(settings: Settings) -> Iterator[Finding]:
    if not _is_folder(settings.profiles):
        yield "profiles", f"expected a folder at {settings.profiles}"
        return
    used = [(f"acme.{name}.profile", acme.profile) for name, acme in settings.acme.items()]
    for name, acme in settings.acme.items():
        used += [(f"acme.{name}.profiles.{key}.profile", chosen.profile) for key, chosen in acme.profiles.items()]
    used += [(f"est.{name}.profile", label.profile) for name, label in settings.est.items()]
    signing = {name: label for name, label in settings.est.items() if label.signs}
    used += [(f"est.{name}.signer_profile", label.signer_profile) for name, label in signing.items()]
    for name, listener in settings.listeners.items():
        if listener.tls is not None and listener.tls.profile is not None:
            used.append((f"listeners.{name}.tls.profile", listener.tls.profile))
    for key, issuer in (("default", settings.issuer_defaults), *settings.issuers.items()):
        if issuer.ocsp_profile is not None:
            used.append((f"issuers.{key}.ocsp_profile", issuer.ocsp_profile))
    for name, cmp in settings.cmp.items():
        own = (cmp.signer_profile, *((cmp.key_generation_profile,) if cmp.key_generation else ()))
        cross = () if cmp.cross_profile is None else (cmp.cross_profile,)
        used += [(f"cmp.{name}", profile) for profile in sorted({*cmp.every_profile, *own, *cross})]
    used += [(f"scep.{name}", profile) for name, scep in settings.scep.items() for profile in scep.all_profiles]
    for key, profile in used:
        if not _is_file(settings.profiles / f"{profile}.toml"):
            yield key, f"there is no profile `{profile}` in {settings.profiles}"


def _store_and_signers(settings: Settings) -> Iterator[Finding]:
    store = settings.store
    if store.url.startswith(SQLITE) and not _is_folder(Path(store.url.removeprefix(SQLITE)).parent):
        yield "store.url", f"expected a folder at {Path(store.url.removeprefix(SQLITE)).parent}"
    if store.password_file is not None:
        yield from _secret("store.password_file", store.password_file)
    for name, software in settings.software.items():
        yield from _secret(f"signers.{name}.passphrase_file", software.passphrase_file)
        if not _is_folder(software.directory):
            yield f"signers.{name}.directory", f"expected a folder at {software.directory}"
    for name, token in settings.pkcs11.items():
        yield from _secret(f"signers.{name}.pin_file", token.pin_file)
        if not _is_file(token.module):
            yield f"signers.{name}.module", f"expected a PKCS#11 module at {token.module}"


def _tls(tls: TlsSettings, key: str) -> Iterator[Finding]:
    if tls.issuer is None:
        yield from readable(f"{key}.certificate", tls.certificate)
        yield from _secret(f"{key}.key", tls.key)
    else:
        for field, path in (("certificate", tls.certificate), ("key", tls.key)):
            if not _is_folder(path.parent):
                yield f"{key}.{field}", f"expected a folder at {path.parent}"
    for path in tls.client_authorities:
        yield from readable(f"{key}.client_authorities", path)


def _cmp(cmp: CmpSettings, key: str, *, demo: bool) -> Iterator[Finding]:
    for field, file in (("secrets", cmp.secrets), ("devices", cmp.devices)):
        if file is not None and (not demo or _mode(file)):  # the demonstration makes its own when it starts
            yield from _secret(f"{key}.{field}", file)
    for field, certificates in (("vendor_authorities", cmp.vendor_authorities), ("root_update", cmp.root_update)):
        for path in certificates:
            yield from readable(f"{key}.{field}", path)


def _est(label: EstSettings, key: str) -> Iterator[Finding]:
    for path in label.rollover_certificates:
        yield from readable(f"{key}.rollover_certificates", path)
    for path in label.certificates.authorities:
        yield from readable(f"{key}.certificates.authorities", path)
    for path in label.certificates.crls:
        yield from readable(f"{key}.certificates.crls", path)
    if label.http.tokens is not None:
        yield from _secret(f"{key}.http.tokens", label.http.tokens)
    if label.cmc_secrets is not None:
        yield from _secret(f"{key}.cmc_secrets", label.cmc_secrets)
    if label.serverkeygen.keys is not None:
        yield from _secret(f"{key}.serverkeygen.keys", label.serverkeygen.keys)


def _secret(key: str, path: Path) -> Iterator[Finding]:
    if expected := misplaced(path):
        yield key, expected


def readable(key: str, path: Path) -> Iterator[Finding]:
    """A file that can be read, or the finding that there is none."""
    if not (_is_file(path) and os.access(path, os.R_OK)):
        yield key, f"expected a readable file at {path}"


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(_mode(path))


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(_mode(path))


def _mode(path: Path) -> int:
    """What is there; 0 for what cannot be seen, be it missing, behind a closed folder, or no name of a file at all."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def _known_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except (KeyError, ValueError):
        return False
    return True
