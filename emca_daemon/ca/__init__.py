"""The one service between protocols and signers: it knows no HTTP, no SQL and no PKCS#11."""
