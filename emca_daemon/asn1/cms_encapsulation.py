"""KEMRecipientInfo (RFC 9629): a content key for who holds an ML-KEM key (RFC 9936), by HKDF and AES key wrap."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from emca_daemon.asn1 import cms, cms_agreement, der

KEM = "1.2.840.113549.1.9.16.13.3"
"""id-ori-kem."""

EncapsulationPublicKey = mlkem.MLKEM768PublicKey | mlkem.MLKEM1024PublicKey

_ML_KEM_768, _ML_KEM_1024 = "2.16.840.1.101.3.4.4.2", "2.16.840.1.101.3.4.4.3"
_HKDF_SHA256 = "1.2.840.113549.1.9.16.3.28"
_KEY_OCTETS = 32


def recipient_info(public: EncapsulationPublicKey, identifier: bytes, key: bytes, user_material: bytes | None) -> bytes:
    """The RecipientInfo for a RecipientIdentifier in DER; `user_material` (ukm) goes into the key derivation."""
    oid = _ML_KEM_768 if isinstance(public, mlkem.MLKEM768PublicKey) else _ML_KEM_1024
    secret, ciphertext = public.encapsulate()
    wrap = cms.write_algorithm(cms.Algorithm(cms_agreement.WRAP_AES_256))
    length = der.integer(_KEY_OCTETS)
    material = b"" if user_material is None else der.explicit(0, der.octet_string(user_material))
    derivation = HKDF(hashes.SHA256(), _KEY_OCTETS, None, der.sequence(wrap, length, material))
    info = der.sequence(
        der.integer(0),
        identifier,
        cms.write_algorithm(cms.Algorithm(oid)),
        der.octet_string(ciphertext),
        cms.write_algorithm(cms.Algorithm(_HKDF_SHA256)),
        length,
        material,
        wrap,
        der.octet_string(aes_key_wrap(derivation.derive(secret), key)),
    )
    return der.explicit(4, der.oid(KEM) + info)
