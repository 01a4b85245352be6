"""What EST does: one file an operation."""
