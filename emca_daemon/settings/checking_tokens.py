"""Checks of an ACME endpoint's token authorities."""

from collections.abc import Iterator

from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.findings import Finding, is_url, names


def check_tokens(endpoint: AcmeSettings, key: str) -> Iterator[Finding]:
    """What one key alone does not show."""
    authorities = endpoint.token_authorities
    yield from names(f"{key}.token_authorities", authorities)
    if ("tkauth-01" in endpoint.challenges) != bool(authorities):
        what = "tkauth-01 among the `challenges`" if authorities else "the authorities whose tokens tkauth-01 takes"
        yield f"{key}.token_authorities", f"expected {what}"
    if endpoint.token_authority is not None and not is_url(endpoint.token_authority, "https"):
        yield f"{key}.token_authority", f"expected an https address, found `{endpoint.token_authority}`"
    for name, authority in authorities.items():
        if authority.x5u is not None and not is_url(authority.x5u, "https"):
            yield f"{key}.token_authorities.{name}.x5u", f"expected an https address, found `{authority.x5u}`"
    for field in ("x5u", "issuer"):
        given = [text for one in authorities.values() if (text := getattr(one, field)) is not None]
        if len(set(given)) < len(given):
            yield f"{key}.token_authorities", f"expected an `{field}` of its own for every authority"
