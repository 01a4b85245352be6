"""One serving process."""

import subprocess
import sys


def test_what_is_not_configured_is_not_loaded() -> None:
    """No token, no rule, no migration, no mail and no KMAC: none of their libraries is in memory."""
    program = (
        "import sys, emca_daemon.cli.main, emca_daemon.composition.service;"
        "names = ('pkcs11', 'cel', 'alembic', 'psycopg', 'pkilint.cabf', 'twisted.mail.smtp', 'Cryptodome');"
        "print([name for name in names if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout == "[]\n"
