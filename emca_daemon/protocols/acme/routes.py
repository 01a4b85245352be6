"""The resources of an endpoint, who may call them, and what answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed
from emca_daemon.protocols.acme.guards import (
    Served,
    open_to_all,
    signed_by_account,
    signed_by_account_alone,
    signed_by_either,
    signed_by_new_key,
    unsigned,
)
from emca_daemon.protocols.acme.operations.account import account
from emca_daemon.protocols.acme.operations.authorization import authorization
from emca_daemon.protocols.acme.operations.certificate import certificate, public_certificate
from emca_daemon.protocols.acme.operations.challenge import challenge
from emca_daemon.protocols.acme.operations.delegation import delegation, delegations
from emca_daemon.protocols.acme.operations.directory import directory, read_directory
from emca_daemon.protocols.acme.operations.finalize import finalize
from emca_daemon.protocols.acme.operations.key_change import key_change
from emca_daemon.protocols.acme.operations.new_account import new_account
from emca_daemon.protocols.acme.operations.new_authorization import new_authorization
from emca_daemon.protocols.acme.operations.new_nonce import get_nonce, head_nonce, read_nonce
from emca_daemon.protocols.acme.operations.new_order import new_order
from emca_daemon.protocols.acme.operations.order import order, orders
from emca_daemon.protocols.acme.operations.renewal_info import renewal_info
from emca_daemon.protocols.acme.operations.revoke_cert import revoke_cert
from emca_daemon.protocols.acme.operations.star_certificate import public_star_certificate, star_certificate

_PARAMETER = "*"


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path below the endpoint's, `{...}` standing for any one segment, and what answers them."""

    method: str
    path: str
    served: Served


ROUTES = (
    Route("GET", "/directory", open_to_all(directory)),
    Route("HEAD", "/directory", open_to_all(directory)),
    Route("POST", "/directory", signed_by_account(read_directory)),
    Route("HEAD", "/new-nonce", open_to_all(head_nonce)),
    Route("GET", "/new-nonce", open_to_all(get_nonce)),
    Route("POST", "/new-nonce", signed_by_account(read_nonce)),
    Route("POST", "/new-account", signed_by_new_key(new_account)),
    Route("POST", "/account/{account}", signed_by_account(account)),
    Route("POST", "/account/{account}/orders", signed_by_account(orders)),
    Route("POST", "/account/{account}/delegations", signed_by_account(delegations)),
    Route("POST", "/delegation/{delegation}", signed_by_account(delegation)),
    Route("POST", "/key-change", signed_by_account(key_change)),
    Route("POST", "/new-order", signed_by_account(new_order)),
    Route("POST", "/new-authz", signed_by_account(new_authorization)),
    Route("POST", "/order/{order}", signed_by_account(order)),
    Route("POST", "/order/{order}/finalize", signed_by_account_alone(finalize)),
    Route("POST", "/authorization/{authorization}", signed_by_account(authorization)),
    Route("POST", "/challenge/{challenge}", signed_by_account(challenge)),
    Route("POST", "/certificate/{order}", signed_by_account(certificate)),
    Route("GET", "/star-certificate/{order}", unsigned(public_star_certificate)),
    Route("HEAD", "/star-certificate/{order}", unsigned(public_star_certificate)),
    Route("POST", "/star-certificate/{order}", signed_by_account(star_certificate)),
    Route("GET", "/renewal-info/{certificate}", unsigned(renewal_info)),
    Route("HEAD", "/renewal-info/{certificate}", unsigned(renewal_info)),
    Route("POST", "/revoke-cert", signed_by_either(revoke_cert)),
)

PUBLIC_CERTIFICATES = tuple(Route(one, "/certificate/{order}", unsigned(public_certificate)) for one in ("GET", "HEAD"))
"""Where the settings say `allow_certificate_get` (RFC 9115 2.3.5)."""


class RouteTable:
    """Finds what answers a request."""

    def __init__(self, routes: tuple[Route, ...] = ROUTES) -> None:
        self._methods: dict[tuple[str, ...], dict[str, Served]] = {}
        for route in routes:
            pattern = tuple(_PARAMETER if part.startswith("{") else part for part in route.path.split("/")[1:])
            self._methods.setdefault(pattern, {})[route.method] = route.served

    def find(self, method: str, path: str) -> tuple[Served, tuple[str, ...]]:
        """What answers, and the variable segments; raises malformed with 404, or with 405 and Allow."""
        methods, parameters = self._resource(path)
        served = methods.get(method)
        if served is None:
            problem = Problem("malformed", f"the method {method[:20]} is not allowed here", 405)
            raise AcmeRefusal(problem, headers={"Allow": ", ".join((*methods, "OPTIONS"))})
        return served, parameters

    def _resource(self, path: str) -> tuple[Mapping[str, Served], tuple[str, ...]]:
        """Every path is one literal segment, or alternates literal and variable ones starting with a literal."""
        parts = path.split("/")[1:]
        pattern = tuple(_PARAMETER if place == 1 else part for place, part in enumerate(parts))
        methods = self._methods.get(pattern)
        if methods is None or "" in parts:
            raise malformed("there is no such resource", 404)
        return methods, tuple(parts[1:2])
