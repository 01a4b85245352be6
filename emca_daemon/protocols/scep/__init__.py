"""SCEP (RFC 8894): enrollment for devices."""
