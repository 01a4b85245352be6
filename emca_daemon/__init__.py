"""A certificate authority as one protocol-server daemon."""
