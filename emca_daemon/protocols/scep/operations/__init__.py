"""What a client can ask for, an operation a file."""
