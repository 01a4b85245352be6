"""Downloads of CRLs and issuer certificates (RFC 2585)."""
