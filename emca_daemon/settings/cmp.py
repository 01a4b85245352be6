"""The settings of CMP, a table an endpoint (`[cmp.NAME]`)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.settings.est import ALGORITHMS
from emca_daemon.settings.limits import count, each_of, limited, positive
from emca_daemon.toml_reading import between, not_empty

OPERATIONS: Final = {
    **dict.fromkeys(("initialization", "ir"), "ir"),
    **dict.fromkeys(("certification", "cr"), "cr"),
    **dict.fromkeys(("keyupdate", "kur"), "kur"),
    **dict.fromkeys(("pkcs10", "p10"), "p10cr"),
    **dict.fromkeys(("revocation", "rr"), "rr"),
    **dict.fromkeys(("getcacerts", "crts"), "caCerts"),
    **dict.fromkeys(("getrootupdate", "rcu"), "rootCaCert"),
    **dict.fromkeys(("getcertreqtemplate", "att"), "certReqTemplate"),
    **dict.fromkeys(("getcrls", "crls"), "crlStatusList"),
    **dict.fromkeys(("nested", "nest"), "nested"),
}
"""The last part of a path, long and short (RFC 9483 6.1), and what it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CmpSettings:
    """One CMP endpoint.

    `paths` are where it answers; below each of them `/p/LABEL` chooses a profile and a word such as `initialization`
    an operation. `profiles` are what certProfile and LABEL may name beside `profile`.

    `accept` says who is listened to: `secret` (a reference value in the file `secrets`), `certificate` (holders of
    certificates of these profiles, about their own), `vendor` (devices in the file `devices` with a certificate under
    `vendor_authorities`, 3GPP TS 33.310), `ra` (certificates of ours with the purpose cmc-ra, about anybody).

    `key_generation` says which kinds of keys are made for clients that ask for one, none when it is empty; who signs
    them has a certificate of its own, by `key_generation_profile`. Without `key_packages` they come as OpenSSL reads
    them, which is not as RFC 9483 has it.

    `cross_profile` is for what registration authorities ask for in a ccr, certificates of other CAs; None: nothing.
    They are issued by `cross_issuer`, or else by `issuer`.

    `root_update` are PEM files: the next root, and it signed by the old one, and the old one signed by it.
    """

    paths: tuple[str, ...] = limited(("/.well-known/cmp",), not_empty)
    profile: ProfileName
    issuer: IssuerName
    profiles: dict[str, ProfileName] = field(default_factory=dict)
    accept: tuple[str, ...] = limited(
        ("certificate", "ra"), not_empty, each_of("secret", "certificate", "vendor", "ra")
    )
    secrets: Path | None = None
    devices: Path | None = None
    vendor_authorities: tuple[Path, ...] = ()
    signer_profile: ProfileName = limited(ProfileName("cmp-responder"))
    signer_key: KeyName | None = None
    implicit_confirm: bool = True
    confirm_within: timedelta = limited(timedelta(minutes=5), positive)
    poll_within: timedelta = limited(timedelta(days=30), positive)
    check_after: timedelta = limited(timedelta(seconds=30), positive)
    replay_window: timedelta = limited(timedelta(hours=1), positive)
    time_tolerance: timedelta = limited(timedelta(minutes=10), positive)
    key_update: bool = True
    same_key: bool = False
    revoke_updated: bool = False
    most_iterations: int = limited(100_000, between(100, 10_000_000))
    attempts: int = limited(20, count)
    lock: timedelta = limited(timedelta(minutes=1), positive)
    open_transactions: int = limited(100, count)
    root_in_extra_certs: bool = False
    root_update: tuple[Path, ...] = ()
    key_generation: tuple[str, ...] = limited((), each_of(*ALGORITHMS))
    key_generation_profile: ProfileName = limited(ProfileName("cmp-key-generation"))
    key_generation_key: KeyName | None = None
    key_packages: bool = True
    cross_profile: ProfileName | None = None
    cross_issuer: IssuerName | None = None
    strict: bool = False

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Ways in that lead nowhere."""
        for way, key, given in (
            ("secret", "secrets", self.secrets),
            ("vendor", "devices", self.devices),
            ("vendor", "vendor_authorities", self.vendor_authorities),
        ):
            if way in self.accept and not given:
                yield key, f"`{way}` among `accept` needs this"
        for label in self.profiles:
            if label in OPERATIONS or label == "p" or "/" in label:
                yield f"profiles.{label}", "expected a name that is no operation's"
        if len(self.root_update) > 3:
            yield "root_update", "expected at most three files: the new root, new signed by old, old signed by new"

    def profile_named(self, label: str) -> ProfileName | None:
        """The profile that a certProfile or a label in the path names; None where there is none."""
        return self.profiles.get(label) or (self.profile if label == self.profile else None)

    @property
    def every_profile(self) -> frozenset[ProfileName]:
        """Every profile that is used here."""
        return frozenset((self.profile, *self.profiles.values()))
