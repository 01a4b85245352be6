"""SCEP in one process."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.cli.ca import parse_subject
from emca_daemon.cli.command import operator
from emca_daemon.cli.demo import create_hierarchy, demo_settings
from emca_daemon.composition.core import Core, open_core
from emca_daemon.composition.duties import daemon_requester
from emca_daemon.composition.scep import ra_certificates, scep_duties, scep_endpoint, scep_mounts
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.protocols.routing import Routes
from emca_daemon.protocols.scep.challenge_records import Challenge
from emca_daemon.protocols.scep.challenges import NoChallenge, StaticChallenge
from emca_daemon.protocols.scep.made_challenges import DeviceChallenges, OneTimeChallenges
from emca_daemon.protocols.scep.records import Transaction
from emca_daemon.settings.checking import load_settings
from emca_daemon.settings.model import Pkcs11SignerSettings
from emca_daemon.settings.scep import ScepChallengeSettings
from emca_daemon.signers.choosing import ChosenKeys
from emca_daemon.signers.memory import MemoryKeys
from tests.support.cli_world import new_folder


def demonstration(folder: Path) -> Core:
    """The demonstration's CA with its issuers."""
    commands = new_folder(folder)
    commands.config.write_text(demo_settings(folder, 8080, 8443))
    (folder / "scep.challenge").write_text("secret\n")
    core = open_core(load_settings(commands.config, files=False))
    create_hierarchy(core)
    return core


def test_the_demo_answers_at_every_usual_path(tmp_path: Path) -> None:
    """With a slash too many as well, once its duty has made the RA."""
    core = demonstration(tmp_path)
    for _ in range(2):
        for duty in scep_duties(core, daemon_requester("d")):
            duty.run()
    routes = Routes(scep_mounts(core, waits=False))
    for path in (
        "/scep",
        "/scep/",
        "/scep/pkiclient.exe",
        "/scep/default",
        "//scep//default/pkiclient.exe",
        "/cgi-bin/pkiclient.exe",
        "/certsrv/mscep/mscep.dll",
        "/certsrv/mscep/mscep.dll/pkiclient.exe",
        "/CertSrv/mscep/mscep.dll",
        "//certsrv//MSCEP/MSCEP.DLL",
        "//pkiclient.exe",
        "/scep/manual",
        "/scep/legacy",
        "/pkiclient.exe",
        "/ra/pkiclient.exe",
    ):
        responder = routes.find(path)
        assert responder is not None, path
        asked = Request("GET", path, "operation=GetCACert", (), b"", Peer("127.0.0.1"), "r")
        assert responder.respond(asked).status == 200
    assert routes.find("/other") is routes.find("/a/b/pkiclient.exe") is None
    assert isinstance(scep_endpoint(core, "default", core.settings.scep["default"]).challenges, StaticChallenge)
    assert isinstance(scep_endpoint(core, "manual", core.settings.scep["manual"]).challenges, NoChallenge)
    core.store.close()


def test_old_transactions_are_forgotten_by_a_duty(tmp_path: Path) -> None:
    """Those that have expired."""
    core = demonstration(tmp_path)
    now = core.clock()
    with core.store.writing() as tx:
        tx.scep.put(Transaction("id", "group", "default", b"k", now, now), None)
    for duty in scep_duties(core, daemon_requester("d")):
        duty.run()
    with core.store.reading() as tx:
        assert tx.scep.get("id") is None
    core.store.close()


def test_challenges_that_are_over_are_forgotten_a_month_later(tmp_path: Path) -> None:
    """Until then the operator sees them."""
    core = demonstration(tmp_path)
    now = core.clock()
    with core.store.writing() as tx:
        for days in (29, 31):
            ended = now - timedelta(days=days)
            tx.scep_challenges.add(Challenge(str(days), "default", b"%d" % days * 16, "page", "alice", ended, ended))
    for duty in scep_duties(core, daemon_requester("d")):
        duty.run()
    with core.store.reading() as tx:
        assert [one.id for one in tx.scep_challenges.list(None, 9)] == ["29"]
    core.store.close()


def test_each_policy_has_its_challenges(tmp_path: Path) -> None:
    """By the word of the settings."""
    core = demonstration(tmp_path)
    endpoint = core.settings.scep["default"]
    for policy, kind in (("one-time", OneTimeChallenges), ("device", DeviceChallenges)):
        chosen = replace(endpoint, challenge=ScepChallengeSettings(policy=policy))
        assert type(scep_endpoint(core, "default", chosen).challenges) is kind
    core.store.close()


def test_an_endpoint_that_nobody_guards_is_refused(tmp_path: Path) -> None:
    """Neither a challenge nor a person; nor an issuer."""
    core = demonstration(tmp_path)
    endpoint = core.settings.scep["default"]
    for wrong in (replace(endpoint, challenge=ScepChallengeSettings()), replace(endpoint, issuer=None)):
        with pytest.raises(Refused) as caught:
            scep_endpoint(core, "default", wrong)
        assert caught.value.reason is Reason.PROFILE_REFUSED
    assert ra_certificates(core, "default", endpoint).every() == ()
    core.store.close()


def test_a_ca_without_an_rsa_key_needs_an_ra(tmp_path: Path) -> None:
    """Told at the start, unless the CA is not there yet; one with an RSA key answers for itself."""
    core = demonstration(tmp_path)
    rsa = NewAuthority(
        name=IssuerName("rsa"),
        profile=ProfileName("scep-ca"),
        subject=parse_subject("CN=RSA CA"),
        key=KeyName("software:rsa"),
        algorithm="rsa-2048",
    )
    core.hierarchy.create_sub(rsa, IssuerName("demo-root"), operator())
    own = replace(core.settings.scep["default"], ra="none")
    with pytest.raises(Refused, match=r'^scep.default: .*`demo-issuing`.* no RSA key; `ra = "one"`') as caught:
        scep_endpoint(core, "default", own)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED
    for fine in (rsa.name, IssuerName("later")):
        assert scep_endpoint(core, "default", replace(own, issuer=fine)).registration.certificates() == []
    usage = core.authorities.get(rsa.name).certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment, usage.key_cert_sign) == (True, True, True)
    core.store.close()


class SigningOnly(MemoryKeys):
    """Keys where none decrypts."""

    def check_decrypting(self) -> str:
        """The reason."""
        return "the token does not decrypt"


def test_a_signer_that_cannot_decrypt_is_told_at_the_start(tmp_path: Path) -> None:
    """With the endpoint and the key in the settings."""
    core = demonstration(tmp_path)
    signers = {name: SigningOnly(name) for name in ("token", "software")}
    core = replace(core, keys=ChosenKeys({**signers, "files": MemoryKeys("files")}))
    endpoint = core.settings.scep["default"]
    for chosen, name in ((endpoint, "software"), (replace(endpoint, ra_signer="token"), "token")):
        with pytest.raises(Refused, match=f"^scep.default: the signer `{name}` cannot keep .*`ra_signer`$") as caught:
            scep_endpoint(core, "default", chosen)
        assert caught.value.reason is Reason.ALGORITHM_REFUSED
    scep_endpoint(core, "default", replace(endpoint, ra_signer="files"))
    core.store.close()


def test_without_files_the_ra_s_keys_go_to_the_first_token(tmp_path: Path) -> None:
    """Where the settings name none."""
    core = demonstration(tmp_path)
    token = Pkcs11SignerSettings(module=tmp_path / "none.so", token_label="t", pin_file=tmp_path / "pin")
    core = replace(core, settings=replace(core.settings, software={}, pkcs11={"token": token}))
    assert ra_certificates(core, "default", core.settings.scep["default"])._plan.signer == "token"
    core.store.close()


def test_without_endpoints_there_is_nothing(tmp_path: Path) -> None:
    """No path, no duty; without issuers the duty waits for them."""
    core = open_core(load_settings(new_folder(tmp_path / "empty").config))
    assert scep_mounts(core, waits=True) == ()
    assert scep_duties(core, daemon_requester("d")) == ()
    core.store.close()
