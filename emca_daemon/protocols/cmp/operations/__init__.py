"""What CMP answers, one file an operation."""
