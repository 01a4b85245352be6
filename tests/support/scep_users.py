"""A SCEP world whose challenges users make over HTTP."""

from base64 import b64encode
from dataclasses import replace

from emca_daemon.ca.passwords import Lockout, PasswordCheck, new_credential
from emca_daemon.protocols.bearer import read_tokens
from emca_daemon.protocols.http import Headers, Peer, Request
from emca_daemon.protocols.scep.http_access import Access
from emca_daemon.protocols.scep.provisioning import Provisioning
from emca_daemon.randomness import system_random
from emca_daemon.settings.scep import ScepSettings
from emca_daemon.settings.scep_provisioning import ScepUsersSettings
from tests.support.scep_world import ScepWorld

PASSWORD, TOKEN = "correct horse", "0123456789abcdef"
BASIC, BEARER = (
    ("authorization", "Basic " + b64encode(f"alice:{PASSWORD}".encode()).decode()),
    ("authorization", f"Bearer {TOKEN}"),
)


class UsersWorld(ScepWorld):
    """With a user `alice` of group `mdm`, and a bearer `jamf` of none."""

    def __init__(self, chosen: ScepSettings, users: ScepUsersSettings | None = None) -> None:
        super().__init__(replace(chosen, users=users or chosen.users))
        settings = self.settings.users
        credential = new_credential(
            settings.realm, "alice", PASSWORD, now=self.clock(), random=system_random, groups=frozenset({"mdm"})
        )
        with self.store.writing() as tx:
            tx.credentials.add(credential)
        lockout = Lockout(self.store, settings.attempts, settings.lock)
        self.access = Access(
            "site",
            settings,
            store=self.store,
            passwords=PasswordCheck(self.store, lockout, self.clock, system_random),
            tokens=read_tokens(f"jamf {TOKEN}"),
            clock=self.clock,
        )
        self.provisioning = Provisioning(
            "site", self.settings.challenge.lifetime, store=self.store, clock=self.clock, random=system_random
        )


def asked(
    method: str = "GET",
    path: str = "/",
    body: bytes = b"",
    *,
    headers: Headers = (BASIC,),
    query: str = "",
    secure: bool = True,
) -> Request:
    """A request of `alice`'s."""
    return Request(method, path, query, headers, body, Peer("192.0.2.9"), "request-1", secure)
