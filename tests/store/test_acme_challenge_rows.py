"""How challenges lie in their rows."""

import json

from emca_daemon.store.acme_challenge_rows import challenge_values
from tests.support.acme_records import authorization


def test_what_changes_of_a_challenge() -> None:
    """Neither its token nor its type does; errors are JSON."""
    values = challenge_values(authorization().challenges[0])
    assert json.loads(str(values["errors"])) == []
    assert not {"id", "token", "type", "position"} & set(values)
