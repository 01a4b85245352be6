"""The ACME resources, one operation a file."""
