"""What families of clients need that the standard does not say, as data; an endpoint names one of these profiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Quirks:
    """How an endpoint bends for its clients.

    `hidden` are capabilities that GetCACaps leaves out; `root` says whether GetCACert has the root as well,
    `chain_in_reply` whether replies enclose the CA's certificates beside their signer's, `nonce_required` whether a
    request without senderNonce is refused.
    """

    hidden: frozenset[str] = frozenset()
    root: bool = True
    chain_in_reply: bool = False
    nonce_required: bool = False


# Software from before RFC 8894 knows the capabilities of the drafts alone, and some of it reads no further than the
# first word that it does not know.
_AFTER_THE_DRAFTS: Final = frozenset({"SCEPStandard", "SHA-384", "AES"})

QUIRKS: Final[Mapping[str, Quirks]] = {
    # strongSwan wants the chain up to the root.
    "standard": Quirks(),
    # GET only, whatever is offered; wants the whole chain to authenticate a subordinate CA's trustpoint.
    "cisco-ios": Quirks(hidden=frozenset({"SCEPStandard", "POSTPKIOperation"})),
    # GET only; looks for the CA in the reply.
    "juniper": Quirks(hidden=frozenset({"SCEPStandard", "POSTPKIOperation"}), chain_in_reply=True),
    # What is not needed beside RA and CA only gives its choice of a certificate more to go wrong.
    "apple": Quirks(root=False, chain_in_reply=False),
    # NDES is the norm: the full chain in GetCACert, and the issuer's certificate in replies.
    "windows-intune": Quirks(chain_in_reply=True, nonce_required=True),
    "legacy": Quirks(hidden=_AFTER_THE_DRAFTS, chain_in_reply=True),
}
"""Quirk profiles by the names that settings know."""
