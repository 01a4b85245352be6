"""The table of resources."""

import pytest

from emca_daemon.protocols.acme.errors import AcmeRefusal
from emca_daemon.protocols.acme.routes import ROUTES, RouteTable


def test_every_route_is_found() -> None:
    """By its method, with its variable segment."""
    table = RouteTable()
    for route in ROUTES:
        path = route.path.replace("{", "_").replace("}", "_")
        served, parameters = table.find(route.method, path)
        assert served is route.served
        assert parameters == tuple(part for part in path.split("/")[2:3])


@pytest.mark.parametrize("path", ["", "/", "order/x", "/order/x/", "/order//finalize", "/a/b/c/d"])
def test_nothing_else_is(path: str) -> None:
    """404."""
    with pytest.raises(AcmeRefusal) as refused:
        RouteTable().find("POST", path)
    assert refused.value.problem.status == 404
