"""The verdict of the mail server in front."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.mail_authenticity import signing_domain
from emca_daemon.protocols.acme.mail_reading import Fields
from tests.support.mail import MX, SIGNATURE, VERDICT


def signer(*verdicts: str, signature: str = SIGNATURE, dmarc: bool = True, domain: str = "example.com") -> str:
    """Who speaks for a mail with these Authentication-Results."""
    found = [("authentication-results", verdict) for verdict in verdicts]
    return signing_domain(Fields((*found, ("dkim-signature", signature))), MX, domain, dmarc=dmarc)


def test_a_mail_that_passed() -> None:
    """DKIM and DMARC, in one field or in two, with comments."""
    assert signer(VERDICT) == "example.com"
    assert (
        signer(f"{MX}; dmarc=pass header.from=example.com", f"{MX} 1; dkim=pass header.d=example.com") == "example.com"
    )
    assert signer(f"{MX}; dkim=pass (a (b) c) header.i=@example.com; dmarc=pass (p=none)") == "example.com"


def test_dmarc_may_be_optional() -> None:
    """Where domains have no policy; one that failed still counts."""
    only_dkim = f"{MX}; dkim=pass header.d=example.com"
    assert signer(only_dkim, dmarc=False) == "example.com"
    assert signer(f"{only_dkim}; dmarc=none", dmarc=False) == "example.com"
    for verdict, dmarc in [(only_dkim, True), (f"{only_dkim}; dmarc=none", True), (f"{only_dkim}; dmarc=fail", False)]:
        with pytest.raises(Refused):
            signer(verdict, dmarc=dmarc)


@pytest.mark.parametrize(
    "verdicts",
    [
        (),
        (VERDICT.replace(MX, "elsewhere.example"),),
        (f"{MX}; none",),
        (VERDICT.replace("dkim=pass", "dkim=fail"),),
        (VERDICT.replace("dkim=pass", "spf=pass"),),
        (VERDICT.replace("header.d=example.com", "header.d=evil.example"),),
        (VERDICT.replace("header.d=example.com", "header.d=ample.com"),),
        (VERDICT.replace("header.d=example.com", "header.d=a.example.com"),),
        (VERDICT.replace("header.d=example.com", "header.d=com"),),
        (VERDICT.replace("header.d=example.com", ""),),
        (VERDICT.replace("dmarc=pass", "dmarc=fail"),),
        (f"{MX}; dkim=none; dmarc=fail", VERDICT),
        (f"{MX}; x=y (dkim=pass header.d=example.com); dmarc=pass",),
    ],
)
def test_a_mail_that_did_not_pass(verdicts: tuple[str, ...]) -> None:
    """No verdict, somebody else's, a failure, another domain; a true failure beside a field that was smuggled in."""
    with pytest.raises(Refused) as refused:
        signer(*verdicts)
    assert refused.value.reason is Reason.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE.replace("Subject:", ""),
        SIGNATURE.replace("In-Reply-To:", ""),
        SIGNATURE + "; l=100",
        SIGNATURE.replace("d=example.com", "d=evil.example"),
        "nonsense",
    ],
)
def test_signatures_that_cover_too_little(signature: str) -> None:
    """A signature that leaves out what is judged, or the end of the body, proves nothing."""
    with pytest.raises(Refused):
        signer(VERDICT, signature=signature)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_refused(verdict: str, signature: str) -> None:
    """Nothing by chance, and nothing that hangs."""
    with pytest.raises(Refused):
        signer(f"{MX};{verdict}", signature=signature)
