"""What a TLS server shows to clients."""

import socket
import ssl
from pathlib import Path


def shown_certificate(port: int, name: str, root: Path) -> str:
    """The certificate, in PEM, that a server on loopback shows to a client that trusts the root; raises OSError."""
    context = ssl.create_default_context(cafile=str(root))
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        der = secure.getpeercert(binary_form=True)
        assert der is not None
        return ssl.DER_cert_to_PEM_cert(der)
