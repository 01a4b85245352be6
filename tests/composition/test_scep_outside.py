"""Tests of emca_daemon.composition.scep_outside."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from emca_daemon.composition.core import Core, open_core
from emca_daemon.composition.duties import daemon_requester
from emca_daemon.composition.scep import scep_endpoint
from emca_daemon.composition.scep_outside import asking_challenges, judge_of, notices_duty
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.protocols.scep.asked_challenges import AskedChallenges
from emca_daemon.protocols.scep.asked_records import Asked
from emca_daemon.protocols.scep.intune import Intune
from emca_daemon.protocols.scep.webhook import Webhook
from emca_daemon.settings.checking import load_settings
from emca_daemon.settings.scep import ScepChallengeSettings, ScepSettings
from emca_daemon.settings.scep_outside import ScepCallsSettings, ScepIntuneSettings, ScepWebhookSettings
from tests.support.scep_cli import scep_folder


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    """A CA with a secret in a file."""
    (tmp_path / "secret").write_text("a secret\n")
    core = open_core(load_settings(scep_folder(tmp_path).config))
    yield core
    core.store.close()


def webhook(folder: Path, **changes: object) -> ScepSettings:
    """An endpoint that asks a webhook where nobody listens."""
    given: dict[str, object] = {"url": "http://127.0.0.1:9/x", "secret_file": folder / "secret", **changes}
    return ScepSettings(
        profile=ProfileName("device"),
        issuer=IssuerName("issuing"),
        challenge=ScepChallengeSettings(policy="webhook"),
        webhook=ScepWebhookSettings(**given),  # type: ignore[arg-type]
    )


def test_each_policy_has_its_judge(core: Core, tmp_path: Path) -> None:
    """With its secret from the file."""
    assert isinstance(judge_of(core, "one", webhook(tmp_path)), Webhook)
    token = webhook(tmp_path, secret_file=None, token_file=tmp_path / "secret")
    assert isinstance(judge_of(core, "one", token), Webhook)
    intune = replace(
        webhook(tmp_path),
        challenge=ScepChallengeSettings(policy="intune"),
        intune=ScepIntuneSettings(tenant="t", application="a", secret_file=tmp_path / "secret"),
    )
    assert isinstance(judge_of(core, "one", intune), Intune)
    assert isinstance(scep_endpoint(core, "one", intune).challenges, AskedChallenges)


def test_what_is_missing_is_told_at_the_start(core: Core, tmp_path: Path) -> None:
    """No secret or none that can be sent, nobody to ask, no roots to trust."""
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    intune = replace(
        webhook(tmp_path),
        challenge=ScepChallengeSettings(policy="intune"),
        intune=ScepIntuneSettings(tenant="t", application="a", secret_file=tmp_path / "binary"),
    )
    for settings, reason in (
        (intune, Reason.MALFORMED),
        (webhook(tmp_path, secret_file=None, token_file=tmp_path / "binary"), Reason.MALFORMED),
        (webhook(tmp_path, secret_file=tmp_path / "nowhere"), Reason.UNAVAILABLE),
        (webhook(tmp_path, secret_file=None), Reason.PROFILE_REFUSED),
        (webhook(tmp_path, url=None), Reason.PROFILE_REFUSED),
        (replace(webhook(tmp_path), calls=ScepCallsSettings(ca_file=tmp_path / "nowhere")), Reason.UNAVAILABLE),
        (replace(webhook(tmp_path), calls=ScepCallsSettings(ca_file=tmp_path / "secret")), Reason.UNAVAILABLE),
    ):
        with pytest.raises(Refused) as caught:
            asking_challenges(core, "one", settings)
        assert caught.value.reason is reason


def test_the_duty_tells_who_is_asked(core: Core, tmp_path: Path) -> None:
    """What is due of an endpoint that asks nobody any more is let go; who does not listen is told again later."""
    core = replace(core, settings=replace(core.settings, scep={"one": webhook(tmp_path)}))
    now = core.clock()
    row = Asked("a", "one", b"1", now, now + timedelta(hours=1), failure="why", due=now)
    with core.store.writing() as tx:
        tx.scep_asked.add(row)
        tx.scep_asked.add(replace(row, transaction="b", endpoint="gone"))
    duty = notices_duty(core, daemon_requester("d"))
    for _ in range(2):
        duty.run()
    with core.store.reading() as tx:
        told, gone = tx.scep_asked.get("a"), tx.scep_asked.get("b")
    assert told is not None
    assert gone is not None
    assert (told.attempts, told.due is not None, gone.due) == (1, True, None)
