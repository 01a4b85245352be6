"""What devices say of their keys: statements in the formats of WebAuthn, judged for device-attest-01."""
