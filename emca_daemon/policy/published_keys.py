"""Keys whose private halves are printed in standards, and so turn up where somebody copied an example.

Lists of other publicly known keys (Debian's of CVE-2008-0166, keys found in firmware) are large and are read from
files: see `weak_keys.read_fingerprints`.
"""

PUBLISHED_KEYS = frozenset(
    bytes.fromhex(fingerprint)
    for fingerprint in (
        "8fb6bad671cfe698393c453357da61b56d757ab8c0f3fb9c87f2849e63131878",  # RFC 9500 testRSA2048
        "b2b04340cfaee616ec9c2c62d261b208e54bb197498df52e8cadede23ac0ba5e",  # RFC 9500 testECCP256
        "c4c10105a0be0ed4dd3354428dc38a9bfee64da141ce16e75c94eda272f9dd3a",  # RFC 9500 testECCP384
        "acb1b8327fef995e2458fdf5e3c33b2dc0749feabd6a894cb9bda9d70ac06c24",  # RFC 9500 testECCP521
        "51b944cdfa544d4c3273aa6bf350625a7dd53bbb6a71723274f538b19a207760",  # RFC 7517 appendix A
        "2bd1bb0c44a897c30a7aa0991cde38d8062fe441de50da0f46825344f602e827",  # RFC 7515 appendix A.3
        "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",  # RFC 8032 7.1, RFC 8037 appendix A
    )
)
"""SHA-256 over their SubjectPublicKeyInfo."""
