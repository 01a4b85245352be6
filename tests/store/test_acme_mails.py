"""The mails of challenges by mail."""

from dataclasses import replace

from emca_daemon.protocols.acme.email_reply import ChallengeMail
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER
from tests.support.records import NOW

MAIL = ChallengeMail("c", NOW)


def test_a_mail_is_due_tried_and_answered(store: SqlStore) -> None:
    """Each change knows what it changes: a second one of the same does nothing, and an answer is the last."""
    with store.writing() as tx:
        tx.acme.add_mail(MAIL, "main")
        tx.acme.add_mail(replace(MAIL, challenge_id="later", due=LATER), "main")
        assert tx.acme.due_mails("main", NOW, 10) == [MAIL]
        assert tx.acme.due_mails("other", LATER, 10) == []
        tried = replace(MAIL, due=LATER, attempts=1, fault="why")
        assert tx.acme.update_mail(MAIL, tried)
        assert not tx.acme.update_mail(MAIL, tried)
        assert tx.acme.mail("c") == tried
        answered = replace(tried, due=None, answered=NOW, signer="example.com")
        assert tx.acme.update_mail(tried, answered)
        assert not tx.acme.update_mail(answered, tried)
        assert tx.acme.mail("c") == answered
        assert tx.acme.mail("none") is None
