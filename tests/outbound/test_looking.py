"""The ways of looking are open to whatever offers them."""

from emca_daemon.outbound import looking


def test_every_way_is_asked_from_here_and_elsewhere() -> None:
    """Attempts and CAA checks know only these."""
    named = {name for name, value in vars(looking).items() if getattr(value, "_is_protocol", False)}
    assert {"Records", "Pages", "Handshakes", "CaaAsking", "Ways"} <= named
