"""CRLs read back with cryptography hold what was put in, and nothing that RFC 5280 forbids."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID
from hypothesis import given, settings
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.asn1.crl import MAX_NUMBER, CrlEntry, encode_tbs_crl

NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Demo Issuing CA")])
KEY = ec.generate_private_key(ec.SECP256R1())
KEY_IDENTIFIER = x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()).digest
ALGORITHM = der.sequence(der.oid("1.2.840.10045.4.3.2"))

FLAGS = {flag: reason for reason, flag in enumerate(
    [
        None,
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.ca_compromise,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.certificate_hold,
        None,
        x509.ReasonFlags.remove_from_crl,
        x509.ReasonFlags.privilege_withdrawn,
        x509.ReasonFlags.aa_compromise,
    ]
) if flag}  # fmt: skip


def signed(
    entries: Iterable[CrlEntry] = (),
    *,
    number: int = 1,
    base_number: int | None = None,
    this_update: datetime = NOON,
    next_update: datetime = NOON + timedelta(days=4),
) -> x509.CertificateRevocationList:
    """A CRL signed by the key of these tests."""
    tbs = encode_tbs_crl(
        NAME.public_bytes(),
        ALGORITHM,
        this_update,
        next_update,
        entries,
        number=number,
        authority_key_identifier=KEY_IDENTIFIER,
        base_number=base_number,
    )
    return x509.load_der_x509_crl(der.assemble(tbs, ALGORITHM, KEY.sign(tbs, ec.ECDSA(hashes.SHA256()))))


def read_back(crl: x509.CertificateRevocationList) -> list[CrlEntry]:
    """The entries of a CRL as they went in."""
    entries = []
    for revoked in crl:
        values = {type(extension.value): extension.value for extension in revoked.extensions}
        reason, since = values.get(x509.CRLReason), values.get(x509.InvalidityDate)
        entries.append(
            CrlEntry(
                revoked.serial_number,
                revoked.revocation_date_utc,
                FLAGS[reason.reason] if isinstance(reason, x509.CRLReason) else 0,
                since.invalidity_date_utc if isinstance(since, x509.InvalidityDate) else None,
            )
        )
    return entries


moments = st.datetimes(datetime(1970, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001 - Hypothesis wants them naive
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
entries_of_full_crls = st.builds(
    CrlEntry,
    st.integers(1, 2**159 - 1),
    moments,
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 9, 10]),
    st.none() | moments,
)


@settings(max_examples=50)
@given(st.lists(entries_of_full_crls, unique_by=lambda entry: entry.serial, max_size=20))
def test_entries_read_back(entries: list[CrlEntry]) -> None:
    """Serials, dates, reasons and invalidity dates read back in their order."""
    assert read_back(signed(entries)) == entries


def test_the_frame_of_a_full_crl() -> None:
    """Issuer byte for byte, both updates, key identifier and number, none of them critical; the signature holds."""
    crl = signed(number=77)
    assert crl.issuer.public_bytes() == NAME.public_bytes()
    assert (crl.last_update_utc, crl.next_update_utc) == (NOON, NOON + timedelta(days=4))
    assert [(extension.oid, extension.critical) for extension in crl.extensions] == [
        (ExtensionOID.AUTHORITY_KEY_IDENTIFIER, False),
        (ExtensionOID.CRL_NUMBER, False),
    ]
    assert crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == KEY_IDENTIFIER
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 77
    assert crl.is_signature_valid(KEY.public_key())


def test_an_empty_list_is_left_out() -> None:
    """With nothing revoked the list is absent: the extensions follow the second time at once."""
    crl = signed()
    assert len(crl) == 0
    after_next_update = crl.tbs_certlist_bytes.split(der.time(NOON + timedelta(days=4)))[1]
    assert after_next_update[:1] == b"\xa0"


def test_unspecified_is_said_by_silence() -> None:
    """Reason 0 leaves the entry without extensions."""
    (revoked,) = signed([CrlEntry(5, NOON)])
    assert len(revoked.extensions) == 0


def test_reason_codes_are_not_critical() -> None:
    """Entry extensions are never critical."""
    (revoked,) = signed([CrlEntry(5, NOON, 1, NOON)])
    assert [extension.critical for extension in revoked.extensions] == [False, False]


@pytest.mark.parametrize("reason", [-1, 7, 8, 11])
def test_reasons_that_do_not_belong_are_refused(reason: int) -> None:
    """The unused 7, numbers beyond the list, and removeFromCRL in a full CRL are ValueErrors."""
    with pytest.raises(ValueError, match="CRL"):
        signed([CrlEntry(5, NOON, reason)])


def test_a_delta_says_what_it_builds_on() -> None:
    """A delta CRL has a critical indicator with its base, and may take entries off."""
    crl = signed([CrlEntry(5, NOON, 8)], number=9, base_number=7)
    indicator = crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert (indicator.critical, indicator.value.crl_number) == (True, 7)
    assert read_back(crl) == [CrlEntry(5, NOON, 8)]


@pytest.mark.parametrize("number", [-1, MAX_NUMBER])
def test_numbers_that_do_not_fit_are_refused(number: int) -> None:
    """CRL numbers are from 0 to 2^159 - 1, the base's too."""
    with pytest.raises(ValueError, match="number"):
        signed(number=number)
    with pytest.raises(ValueError, match="number"):
        signed(base_number=number)


def test_the_largest_number_fits() -> None:
    """2^159 - 1 is written in 20 octets."""
    assert signed(number=MAX_NUMBER - 1).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == (
        MAX_NUMBER - 1
    )


def test_updates_after_2049_are_generalized_times() -> None:
    """Both updates change form in 2050."""
    crl = signed(this_update=NOON.replace(year=2049), next_update=NOON.replace(year=2050))
    assert (crl.last_update_utc.year, crl.next_update_utc and crl.next_update_utc.year) == (2049, 2050)
    assert b"\x17\x0d490304120000Z\x18\x0f20500304120000Z" in crl.tbs_certlist_bytes


def test_many_entries_are_written_in_one_pass() -> None:
    """Thousands of entries keep their order and their count."""
    crl = signed(CrlEntry(serial, NOON, 4) for serial in range(1, 5001))
    assert len(crl) == 5000
    assert crl[4999].serial_number == 5000
