"""The directory."""

from dataclasses import replace

from emca_daemon.settings.acme import AcmeProfileSettings
from tests.support.acme_world import BASE_URL, SETTINGS, AcmeWorld


def test_the_directory_of_a_plain_endpoint() -> None:
    """What is implemented and no more (RFC 8555 7.1.1)."""
    client = AcmeWorld().client()
    answer = client.send("GET", client.url("/directory"))
    assert answer.header("content-type") == "application/json"
    assert answer.json == {
        "newNonce": f"{BASE_URL}/new-nonce",
        "newAccount": f"{BASE_URL}/new-account",
        "newOrder": f"{BASE_URL}/new-order",
        "revokeCert": f"{BASE_URL}/revoke-cert",
        "keyChange": f"{BASE_URL}/key-change",
        "renewalInfo": f"{BASE_URL}/renewal-info",
        "meta": {"externalAccountRequired": False},
    }


def test_meta_tells_of_the_endpoint() -> None:
    """Terms, website and CAA identities."""
    settings = replace(
        SETTINGS, terms_of_service="https://ca.test/terms", website="https://ca.test", caa_identities=("ca.test",)
    )
    client = AcmeWorld(settings).client()
    meta = client.send("GET", client.url("/directory")).json["meta"]
    assert meta["termsOfService"] == "https://ca.test/terms"
    assert meta["website"] == "https://ca.test"
    assert meta["caaIdentities"] == ["ca.test"]


def test_the_directory_tells_what_is_switched_on() -> None:
    """And leaves out what is not."""
    profile = AcmeProfileSettings(profile=SETTINGS.profile, description="For a week")
    settings = replace(
        SETTINGS,
        external_accounts="required",
        pre_authorization=True,
        subdomain_authorization=True,
        renewal_info=False,
        profiles={"short": profile},
    )
    client = AcmeWorld(settings).client()
    document = client.send("GET", client.url("/directory")).json
    assert document["newAuthz"] == f"{BASE_URL}/new-authz"
    assert "renewalInfo" not in document
    meta = {"externalAccountRequired": True, "profiles": {"short": "For a week"}, "subdomainAuthAllowed": True}
    assert document["meta"] == meta


def test_what_records_that_stay_are_made_of() -> None:
    """The names of the CA and the beginning of hashed account addresses (draft-ietf-acme-dns-persist 3.2, 4.1)."""
    settings = replace(SETTINGS, challenges=("dns-persist-01",), caa_identities=("ca.test",))
    client = AcmeWorld(settings).client()
    meta = client.send("GET", client.url("/directory")).json["meta"]
    assert (meta["issuerDomainNames"], meta["accountHashPrefix"]) == (["ca.test"], f"{BASE_URL}/account-hash/")


def test_it_can_be_read_by_post_too() -> None:
    """RFC 8555 6.3."""
    client = AcmeWorld().account()
    assert client.post(client.url("/directory")).json == client.send("GET", client.url("/directory")).json
