"""dns-account-01: a TXT record at a label of the account's own (draft-ietf-acme-dns-account-label)."""

from base64 import b32encode
from hashlib import sha256

DNS_ACCOUNT_01 = "dns-account-01"
_OCTETS = 10


def account_record_name(account_url: str, domain: str) -> str:
    """Where the record of an account must be, for a domain without `*.`."""
    label = b32encode(sha256(account_url.encode()).digest()[:_OCTETS]).decode().lower()
    return f"_{label}._acme-challenge.{domain}"
