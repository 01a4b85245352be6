"""Answers that go wrong on purpose, for those who write ACME clients; only in demonstrations."""
