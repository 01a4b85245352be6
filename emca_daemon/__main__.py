"""`python -m emca_daemon`: the command line."""

from emca_daemon.cli.main import main

if __name__ == "__main__":
    main(prog_name="emca-daemon")
