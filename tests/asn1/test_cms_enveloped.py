"""Tests of emca_daemon.asn1.cms_enveloped."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import cms, cms_enveloped, cms_signed, der
from emca_daemon.asn1.cms_algorithms import CIPHERS
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword, envelop
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import certificate, counted, recorded

AES = der.sequence(der.oid(CIPHERS["aes-128-cbc"].oid), der.octet_string(bytes(16)))
ALGORITHM = der.sequence(der.oid("1.2.840.113549.1.1.1"))
KEY_TRANSPORT = der.sequence(
    der.integer(0), cms.issuer_and_serial(certificate()), ALGORITHM, der.octet_string(bytes(8))
)


def envelope(recipients: bytes, content_info: bytes, *, mac: bytes | None = None) -> bytes:
    """An envelope put together by hand."""
    kind = cms.ENVELOPED_DATA if mac is None else cms.AUTH_ENVELOPED_DATA
    end = b"" if mac is None else der.octet_string(mac)
    return cms.write_content_info(kind, der.sequence(der.integer(0), der.tlv(0x31, recipients), content_info, end))


def info(*content: bytes, algorithm: bytes = AES) -> bytes:
    """EncryptedContentInfo."""
    return der.sequence(der.oid(cms.DATA), algorithm, *content)


def refused(data: bytes) -> Reason:
    """Why an envelope is refused."""
    with pytest.raises(Refused) as caught:
        cms_enveloped.read_enveloped_data(data)
    return caught.value.reason


@pytest.mark.parametrize(
    ("name", "cipher"),
    [
        ("certmonger-pkcsreq.pem", "aes-256-cbc"),
        ("sscep-pkcsreq.pem", "aes-128-cbc"),
        ("jscep-ber-indefinite.der", "aes-128-cbc"),
        ("scepclient-des-sha1.der", "des-cbc"),
    ],
)
def test_envelopes_of_real_clients_are_read(name: str, cipher: str) -> None:
    """Whatever cipher and form they chose."""
    content = cms_signed.read_signed_data(recorded(name)).content
    read = cms_enveloped.read_enveloped_data(content or b"")
    assert read.cipher.name == cipher
    assert len(read.recipients) == 1
    assert len(read.ciphertext) % read.cipher.vector_size == 0


def test_encrypted_content_may_come_in_pieces() -> None:
    """A constructed [0] with OCTET STRINGs, as micromdm's client writes it."""
    pieces = der.explicit(0, der.octet_string(b"abc") + der.octet_string(b"de"))
    assert cms_enveloped.read_enveloped_data(envelope(KEY_TRANSPORT, info(pieces))).ciphertext == b"abcde"
    whole = der.implicit(0, b"abcde")
    assert cms_enveloped.read_enveloped_data(envelope(KEY_TRANSPORT, info(whole))).ciphertext == b"abcde"
    assert cms_enveloped.read_enveloped_data(envelope(KEY_TRANSPORT, info())).ciphertext == b""


def test_every_recipient_is_found_by_its_certificate() -> None:
    """Wherever it stands, and in either way of naming it."""
    for by_key in (False, True):
        written = envelop(
            b"x",
            [
                ToCertificate(certificate("rsa-other")),
                ToCertificate(certificate("p-256"), by_key_identifier=by_key),
                ToCertificate(certificate("rsa"), by_key_identifier=by_key),
                ToPassword(b"secret"),
            ],
            "aes-128-cbc",
            counted,
        )
        read = cms_enveloped.read_enveloped_data(written)
        assert isinstance(read.recipient_for(certificate("rsa")), cms_enveloped.KeyTransport)
        assert isinstance(read.recipient_for(certificate("p-256")), cms_enveloped.KeyAgreement)
        assert read.password_recipient() is not None
        assert read.recipient_for(certificate("p-384")) is None


def test_recipients_that_nobody_here_can_use_are_left_out() -> None:
    """KEK recipients, others, and static keys of the sender."""
    static = der.explicit(
        1,
        der.integer(3)
        + der.explicit(0, cms.issuer_and_serial(certificate()))
        + ALGORITHM
        + der.sequence(der.sequence(cms.issuer_and_serial(certificate()), der.octet_string(b""))),
    )
    kek, other = der.explicit(2, der.integer(4)), der.explicit(4, der.oid("1.2.3"))
    read = cms_enveloped.read_enveloped_data(envelope(kek + other + static + KEY_TRANSPORT, info()))
    assert len(read.recipients) == 1
    assert read.password_recipient() is None


@pytest.mark.parametrize(
    "data",
    [
        cms.write_content_info(cms.DATA, der.octet_string(b"")),
        envelope(b"", info()),
        envelope(KEY_TRANSPORT * 33, info()),
        envelope(KEY_TRANSPORT, der.sequence(der.oid(cms.DATA))),
        envelope(KEY_TRANSPORT, info(der.octet_string(b"abc"))),
        envelope(KEY_TRANSPORT, info(der.explicit(0, der.NULL))),
        envelope(KEY_TRANSPORT, info(), mac=bytes(16)),
        envelope(der.sequence(), info()),
        envelope(der.explicit(1, der.NULL), info()),
        envelope(der.explicit(3, der.integer(0) + der.NULL), info()),
        envelope(KEY_TRANSPORT, info(algorithm=der.sequence(der.oid(CIPHERS["aes-128-gcm"].oid)))),
    ],
)
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    """Other content, no recipients, too many, content that is none, a cipher in the wrong kind."""
    assert refused(data) is Reason.MALFORMED


def test_unknown_ciphers_are_refused_by_name() -> None:
    """RC2, for one."""
    algorithm = der.sequence(der.oid("1.2.840.113549.3.2"), der.NULL)
    assert refused(envelope(KEY_TRANSPORT, info(algorithm=algorithm))) is Reason.ALGORITHM_REFUSED


@given(st.data())
def test_changed_octets_give_a_refusal_or_an_envelope(data: st.DataObject) -> None:
    """Nothing else is raised."""
    recipients: tuple[ToCertificate | ToPassword, ...] = (
        ToCertificate(certificate("p-256")),
        ToCertificate(certificate()),
        ToPassword(b"x"),
    )
    octets = bytearray(
        envelop(b"content", recipients, data.draw(st.sampled_from(["aes-128-cbc", "aes-128-gcm"])), counted)
    )
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Refused):
        cms_enveloped.read_enveloped_data(bytes(octets))
