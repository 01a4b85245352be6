"""Settings whole: read, cross-checked, and refused with everything that is wrong at once."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from emca_daemon.asn1.names import written_name
from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.policy.identifiers import identifier_mismatches
from emca_daemon.policy.profile_names import DnsRules, IpRules, MailRules, NameRules, UriRules
from emca_daemon.problems import Problem
from emca_daemon.settings.checking_demonstration import check_demonstration
from emca_daemon.settings.checking_files import check_files
from emca_daemon.settings.checking_listeners import check_listeners
from emca_daemon.settings.checking_protocols import check_protocols
from emca_daemon.settings.findings import NAME, Finding, is_url, names
from emca_daemon.settings.model import IssuerSettings, Settings
from emca_daemon.settings.reading import SQLITE, read_settings
from emca_daemon.settings.stand_ins import Doubts, read_despite

_POSTGRESQL = "postgresql://"
_ISSUER_NAMES = NameRules(dns=DnsRules(), ip=IpRules(), email=MailRules(), uri=UriRules(schemes=("http", "https")))


def load_settings(file: Path, *, files: bool = True) -> Settings:
    """The settings in a file; raises Refused(MALFORMED) with a mismatch for every problem.

    Without `files` the file alone is judged, not what it points to on this machine (for `init`, which makes it).
    """
    settings, problems = check(file, files=files)
    if settings is None or problems:
        mismatches = tuple(Mismatch(found.key, found.expected, Reason.MALFORMED) for found in problems)
        raise Refused(Reason.MALFORMED, f"the settings in {file} cannot be used", mismatches)
    return settings


def check(file: Path, *, files: bool = True) -> tuple[Settings | None, list[Problem]]:
    """The settings, as far as they can be read, and every problem.

    With stand-ins for what is wrong in form the rest is cross-checked all the same; such settings are good for nothing
    else.
    """
    problems: list[Problem] = []
    settings, doubts = read_settings(file, problems), Doubts()
    if settings is None:
        settings, doubts = read_despite(file, problems)
    if settings is not None:
        problems.extend(
            Problem(str(settings.file), key, expected)
            for key, expected in _findings(settings, files)
            if not doubts.concern(key, expected)
        )
    return settings, problems


def _findings(settings: Settings, files: bool) -> Iterator[Finding]:
    yield from _store(settings)
    yield from _signers(settings)
    yield from names("issuers", settings.issuers)
    for name, issuer in (("default", settings.issuer_defaults), *settings.issuers.items()):
        yield from _issuer(issuer, f"issuers.{name}", settings)
    yield from _references(settings)
    yield from check_listeners(settings)
    yield from check_protocols(settings)
    yield from check_demonstration(settings)
    if files:
        yield from check_files(settings)


def _store(settings: Settings) -> Iterator[Finding]:
    store = settings.store
    if store.url.startswith(SQLITE) and store.url != SQLITE:
        if store.password_file is not None:
            yield "store.password_file", "SQLite has no password"
    elif not store.url.startswith(_POSTGRESQL):
        yield "store.url", f"expected {SQLITE}PATH or {_POSTGRESQL}USER@HOST/DATABASE"
    elif not _is_database(store.url):
        yield "store.url", f"expected {_POSTGRESQL}USER@HOST/DATABASE; the password stands in `password_file`"


def _is_database(url: str) -> bool:
    """A database server's address: the host may be missing (a local socket), the database may not."""
    try:
        parts = urlsplit(url)
        return parts.password is None and len(parts.path) > 1 and parts.port != 0
    except ValueError:
        return False


def _signers(settings: Settings) -> Iterator[Finding]:
    yield from names("signers", (*settings.software, *settings.pkcs11))
    for name, token in settings.pkcs11.items():
        if (token.token_label is None) == (token.token_serial is None):
            yield f"signers.{name}.token_label", "a token is found by its label or by its serial number: expected one"


def _issuer(issuer: IssuerSettings, key: str, settings: Settings) -> Iterator[Finding]:
    if issuer.crl_valid <= issuer.crl_every:
        yield f"{key}.crl_valid", "expected more than `crl_every`: each CRL must outlive the next one's coming"
    for field, urls in (("ocsp", issuer.ocsp_urls), ("issuer", issuer.issuer_urls), ("crl", issuer.crl_urls)):
        for url in urls:
            if not is_url(url.replace("{name}", "name"), "http", "https") or "{" in url.replace("{name}", ""):
                yield f"{key}.{field}_urls", f"expected a web address, `{{name}}` allowed in it, found `{url}`"
    for text in issuer.alternative_names:
        if problem := _alternative_name_problem(text):
            yield f"{key}.alternative_names", f"expected `email:ca@example.com` or the like, `{text}` {problem}"
    if issuer.ocsp_key is not None:
        yield from _key(issuer.ocsp_key, f"{key}.ocsp_key", settings)


def _alternative_name_problem(text: str) -> str | None:
    try:
        problems = identifier_mismatches(_ISSUER_NAMES, [written_name(text)])
    except ValueError as error:
        return f"is none: {error}"
    return problems[0].detail if problems else None


def _key(name: KeyName, key: str, settings: Settings) -> Iterator[Finding]:
    signer, colon, label = name.partition(":")
    if not colon or not label:
        yield key, f"expected SIGNER:LABEL, found `{name}`"
    elif signer not in settings.software and signer not in settings.pkcs11:
        yield key, f"there is no signer `{signer}`, [signers.{signer}]"


def _references(settings: Settings) -> Iterator[Finding]:
    for name, listener in settings.listeners.items():
        tls = listener.tls
        if tls is not None and tls.issuer is not None and not NAME.fullmatch(tls.issuer):
            yield f"listeners.{name}.tls.issuer", f"expected the name of an issuer, found `{tls.issuer}`"
        if tls is not None and tls.profile is not None and not NAME.fullmatch(tls.profile):
            yield f"listeners.{name}.tls.profile", f"expected the name of a profile, found `{tls.profile}`"
    for name, endpoint in settings.acme.items():
        if not NAME.fullmatch(endpoint.profile):
            yield f"acme.{name}.profile", f"expected the name of a profile, found `{endpoint.profile}`"
