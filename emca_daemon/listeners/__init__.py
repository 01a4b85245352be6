"""The only servers: sockets, TLS and HTTP."""
