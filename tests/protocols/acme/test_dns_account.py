"""The label of dns-account-01."""

from emca_daemon.protocols.acme.dns_account import account_record_name


def test_the_example_of_the_draft() -> None:
    """Lower-case base32 of the first ten octets of SHA-256 over the account's address."""
    name = account_record_name("https://example.com/acme/acct/ExampleAccount", "example.org")
    assert name == "_ujmmovf2vn55tgye._acme-challenge.example.org"
