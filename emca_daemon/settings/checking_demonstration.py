"""What only a demonstration may do: skip validations, and go wrong on purpose."""

from collections.abc import Iterator

from emca_daemon.settings.findings import Finding
from emca_daemon.settings.model import Settings

ONLY_DEMO = "only a demonstration may do so, `demo = true` at the top of the file"


def check_demonstration(settings: Settings) -> Iterator[Finding]:
    """Switches that would make a real CA issue to anybody, or fail on purpose."""
    if settings.demo:
        return
    if settings.chaos.at_work:
        yield "chaos", ONLY_DEMO
    for name, endpoint in settings.acme.items():
        if endpoint.always_valid:
            yield f"acme.{name}.always_valid", ONLY_DEMO
