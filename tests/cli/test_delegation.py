"""`emca-daemon delegation`."""

import json
from dataclasses import replace
from pathlib import Path

from emca_daemon.composition.core import open_core
from emca_daemon.protocols.acme.states import AccountStatus
from emca_daemon.settings.checking import load_settings
from tests.support.acme_delegation import template
from tests.support.acme_records import account
from tests.support.cli_world import CommandLine, with_issuers

URL = "https://ca.test/acme/account/acc"


def prepared(folder: Path, *, on: bool = True) -> CommandLine:
    """A CA with an endpoint, two accounts (one of them deactivated) and a template."""
    commands = with_issuers(folder)
    text = f'\n[acme.main]\nbase_url = "https://ca.test/acme"\nprofile = "tls-server"\ndelegation = {str(on).lower()}\n'
    settings = commands.config.read_text().replace('serves = ["ocsp",', 'serves = ["acme", "ocsp",')
    commands.config.write_text(settings + text)
    gone = replace(account("gone", "u" * 43), status=AccountStatus.DEACTIVATED)
    core = open_core(load_settings(commands.config))
    with core.store.writing() as tx:
        for one in (account(), gone, account("lost", endpoint="none")):
            assert tx.acme.add_account(one)
    core.store.close()
    (folder / "template.json").write_text(json.dumps(template()))
    return commands


def test_a_delegation_is_made_listed_and_revoked(tmp_path: Path) -> None:
    """By the account's address or its id; all of it is audited."""
    commands = prepared(tmp_path)
    file = str(tmp_path / "template.json")
    made = commands.record("delegation", "create", URL, file, "--cname", "A.example=b.example", "--note", "CDN")
    assert (made["account"], made["delegation"]) == (URL, f"https://ca.test/acme/delegation/{made['id']}")
    commands.record("delegation", "create", "acc", file)
    row = next(one for one in commands.rows("delegation", "list") if one["id"] == made["id"])
    assert (row["account"], row["cname_map"], row["note"]) == (URL, ["a.example=b.example"], "CDN")
    assert (json.loads(row["csr_template"]), row["revoked"]) == (template(), None)
    assert "revoked" in commands.run("delegation", "revoke", made["id"]).output
    for one in (made["id"], "none"):
        commands.run("delegation", "revoke", one, code=3)
    events = commands.run("audit", "list").output
    assert "delegation.create" in events
    assert "delegation.revoke" in events


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    """Accounts, templates and aliases; endpoints that offer none."""
    commands = prepared(tmp_path)
    file = str(tmp_path / "template.json")
    for name, code in (("none", 3), ("https://else.test/account/acc", 3), ("gone", 1), ("lost", 1)):
        commands.run("delegation", "create", name, file, code=code)
    for alias in ("a.example", "=b", "a b=c"):
        commands.run("delegation", "create", "acc", file, "--cname", alias, code=1)
    commands.run("delegation", "create", "acc", str(tmp_path / "none"), code=1)
    for text in ("", "[]", "{}"):
        (tmp_path / "template.json").write_text(text)
        commands.run("delegation", "create", "acc", file, code=1)
    assert commands.rows("delegation", "list") == []


def test_where_none_are_offered(tmp_path: Path) -> None:
    """The settings must say so first."""
    commands = prepared(tmp_path, on=False)
    commands.run("delegation", "create", "acc", str(tmp_path / "template.json"), code=1)
