"""Enrollment over Secure Transport (RFC 7030, 8951, 9908)."""
