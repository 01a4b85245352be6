"""Looking for the CAA records that count for a name: its own, or those of the nearest name above (RFC 8659 3)."""

from dataclasses import replace
from typing import Any

from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.looking import Records
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.caa import TYPE, Asking, judge_caa
from emca_daemon.protocols.acme.errors import Problem


class CaaCheck:
    """Asks for the records of names, as the settings of one endpoint have it."""

    def __init__(self, reactor: Any, lookups: Records, seconds: float) -> None:
        """`reactor` provides IReactorTime; `seconds` is how long one name may take."""
        self._reactor = reactor
        self._lookups = lookups
        self._seconds = seconds

    async def problem(self, identifier: AlternativeName, asking: Asking) -> Problem | None:
        """What keeps us from issuing for a name (without `*.`); where that cannot be found out, we do not issue."""
        if identifier.type is NameType.EMAIL:
            asking = replace(asking, mail=True)
        elif identifier.type is not NameType.DNS:
            return None
        deadline = Deadline(self._reactor, self._seconds)
        labels = identifier.value.rpartition("@")[2].split(".")
        try:
            for start in range(len(labels)):
                name = ".".join(labels[start:])
                found = await self._lookups.raw(name, TYPE, deadline)
                if found:
                    return judge_caa(name, found, asking)
        except Refused as refused:
            return Problem("dns", refused.detail)
        return None
