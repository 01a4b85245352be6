"""One step of the schema a file, numbered; each is written by hand and never changed after its release."""
