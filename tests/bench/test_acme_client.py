"""The ACME client of the benchmarks."""

import asyncio
from collections.abc import Iterable
from typing import cast

import pytest

from bench.acme_client import Account, RefusedError
from bench.http_client import Answer, Connection

DIRECTORY = Answer(200, {}, b'{"newNonce": "n", "newAccount": "a", "newOrder": "o"}')
NONCE = Answer(200, {"replay-nonce": "1"}, b"")
BAD_NONCE = Answer(400, {}, b'{"type": "urn:ietf:params:acme:error:badNonce"}')
GATEWAY = Answer(502, {}, b"<h1>Bad Gateway</h1>")


class Scripted:
    """A connection whose answers are known beforehand."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers = iter(answers)

    async def ask(self, *_: object) -> Answer:
        """The next one."""
        return next(self._answers)


def register(*answers: Answer) -> None:
    """A new account at a server that answers so."""
    asyncio.run(Account(cast(Connection, Scripted(answers)), "d").register())


@pytest.mark.parametrize("before", [(), (DIRECTORY,), (DIRECTORY, NONCE)], ids=["directory", "nonce", "account"])
def test_an_error_that_is_no_problem_document_is_a_refusal(before: tuple[Answer, ...]) -> None:
    """Wherever it comes; it has its status at least."""
    with pytest.raises(RefusedError) as refused:
        register(*before, GATEWAY)
    assert (refused.value.status, refused.value.kind) == (502, "")


def test_a_nonce_that_is_too_old_is_replaced() -> None:
    """Without a word; what is refused next is told."""
    denied = Answer(403, {}, b'{"type": "urn:ietf:params:acme:error:unauthorized", "detail": "no"}')
    with pytest.raises(RefusedError, match="403 unauthorized: no"):
        register(DIRECTORY, NONCE, BAD_NONCE, NONCE, denied)
