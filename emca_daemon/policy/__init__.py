"""Pure functions that decide what may be issued."""
