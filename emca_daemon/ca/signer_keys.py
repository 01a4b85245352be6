"""The keys of the CA's own signers: each under a name of its own, and another one once that is compromised."""

from dataclasses import replace
from itertools import count

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from emca_daemon.ca.ports import Keys, ReadingStore
from emca_daemon.ca.records import Intent
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.keys import key_fingerprint


def usable_key(
    keys: Keys, store: ReadingStore, name: KeyName, algorithm: str
) -> tuple[KeyName, CertificateIssuerPublicKeyTypes]:
    """The first of NAME, NAME-2, NAME-3 ... that is not blocked, with its public half; made if it is not there.

    Raises Refused(UNAVAILABLE) while keys are out of reach: none is made then.
    """
    names = (KeyName(f"{name}-{number}") for number in count(2))
    chosen = name
    while _is_blocked(store, public_key := _made(keys, chosen, algorithm)):
        chosen = next(names)
    return chosen, public_key


def asking_with(requester: Requester, name: KeyName, chosen: KeyName) -> Requester:
    """The requester of a certificate for the chosen key: its record names the key, where that is not the usual one."""
    return requester if chosen == name else replace(requester, application=chosen.partition(":")[2])


def key_of(intent: Intent, name: KeyName) -> KeyName:
    """The name of the key in a certificate asked for so, where its usual one is called `name`."""
    signer, _, usual = name.partition(":")
    return KeyName(f"{signer}:{intent.application}") if intent.application.startswith(f"{usual}-") else name


def _is_blocked(store: ReadingStore, key: CertificateIssuerPublicKeyTypes) -> bool:
    with store.reading() as tx:
        return tx.certificates.key_uses(key_fingerprint(key), "").blocked


def _made(keys: Keys, name: KeyName, algorithm: str) -> CertificateIssuerPublicKeyTypes:
    try:
        return keys.get(name).public_key()
    except Refused as refusal:
        if refusal.reason is not Reason.NOT_FOUND:
            raise
    return keys.generate(name, algorithm).public_key()
