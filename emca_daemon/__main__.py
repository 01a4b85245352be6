"""The command line: `emca-daemon`, or `python -m emca_daemon`."""

import sys


def main() -> None:
    """Run it; Ctrl-C while its modules are being loaded ends it without a word, too."""
    try:
        from emca_daemon.cli.main import main as command
    except KeyboardInterrupt:
        sys.exit(1)
    command(prog_name="emca-daemon")


if __name__ == "__main__":
    main()
