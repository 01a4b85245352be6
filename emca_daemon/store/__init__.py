"""The only SQL of the daemon."""
