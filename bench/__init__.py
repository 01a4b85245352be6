"""What the daemon costs: `python -m bench` prints the figures, each beside what it is to be compared with."""
