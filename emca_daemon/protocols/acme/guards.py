"""Who may call an operation: each guard opens a request, checks its signature and spends its nonce.

A nonce is spent in the transaction in which the request takes effect, so that of two copies of a request only one
can. A refused request rolls its transaction back, therefore its nonce is then spent in one of its own. Requests whose
signature does not verify spend nothing.

A request that only reads (POST-as-GET) spends its nonce without waiting for the disk: all that a power failure could
bring about is that such a request is answered a second time.
"""

from collections.abc import Callable
from typing import TypeVar

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.account_keys import AccountKey, KnownAccount, known_account, read_jwk
from emca_daemon.protocols.acme.calls import AccountCall, Call
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed, unauthorized
from emca_daemon.protocols.acme.jws import SignedMessage, read_signed
from emca_daemon.protocols.acme.ports import Reading, Writing
from emca_daemon.protocols.acme.records import Account
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.states import AccountStatus
from emca_daemon.protocols.http import Request

Parameters = tuple[str, ...]
Served = Callable[[Endpoint, Request, Parameters], Reply]
"""An operation behind its guard."""

Result = TypeVar("Result")

_CONTENT_TYPE = "application/jose+json"


def open_to_all(operation: Callable[[Endpoint], Reply]) -> Served:
    """Anybody may call it, unsigned, and it needs no store."""
    return lambda endpoint, _request, _parameters: operation(endpoint)


def unsigned(operation: Callable[[Endpoint, Parameters], Reply]) -> Served:
    """Anybody may call it, unsigned; it asks the store itself."""
    return lambda endpoint, _request, parameters: operation(endpoint, parameters)


def signed_by_account(operation: Callable[[AccountCall, Writing], Reply]) -> Served:
    """A valid account calls it; the whole operation is one transaction."""

    def serve(endpoint: Endpoint, request: Request, parameters: Parameters) -> Reply:
        message, nonce = _open(endpoint, request)
        known = _known(endpoint, message)

        def work(tx: Writing) -> Reply:
            if tx.acme.spend_nonce_of(known.account.id, known.key.thumbprint, nonce):
                return operation(_call(endpoint, request, parameters, (message, nonce), known), tx)
            current = _admitted(endpoint, tx, message, known)
            call = _call(endpoint, request, parameters, (message, nonce), current)
            call.spend_nonce(tx)
            return operation(call, tx)

        return _in_transaction(endpoint, nonce, work, durable=bool(message.payload))

    return serve


def signed_by_account_alone(operation: Callable[[AccountCall], Reply]) -> Served:
    """A valid account calls it; the operation has transactions of its own and spends the nonce in one of them."""

    def serve(endpoint: Endpoint, request: Request, parameters: Parameters) -> Reply:
        message, nonce = _open(endpoint, request)
        known = _known(endpoint, message)
        with endpoint.store.reading() as tx:
            current = _admitted(endpoint, tx, message, known)
        call = _call(endpoint, request, parameters, (message, nonce), current)
        return _burning(endpoint, nonce, lambda: operation(call))

    return serve


def signed_by_new_key(operation: Callable[[Call, Writing], Reply]) -> Served:
    """The request brings its key; the whole operation is one transaction."""

    def serve(endpoint: Endpoint, request: Request, parameters: Parameters) -> Reply:
        call = _by_key(endpoint, request, parameters, *_open(endpoint, request))

        def work(tx: Writing) -> Reply:
            call.spend_nonce(tx)
            return operation(call, tx)

        return _in_transaction(endpoint, call.nonce, work, durable=True)

    return serve


def signed_by_either(operation: Callable[[Call], Reply]) -> Served:
    """A valid account calls it, or the request brings its key; the operation has transactions of its own."""

    def serve(endpoint: Endpoint, request: Request, parameters: Parameters) -> Reply:
        message, nonce = _open(endpoint, request)
        if message.jwk is None:
            return signed_by_account_alone(operation)(endpoint, request, parameters)
        call = _by_key(endpoint, request, parameters, message, nonce)
        return _burning(endpoint, nonce, lambda: operation(call))

    return serve


def _open(endpoint: Endpoint, request: Request) -> tuple[SignedMessage, bytes]:
    content_type = request.header("content-type") or ""
    if content_type.partition(";")[0].strip().lower() != _CONTENT_TYPE:
        raise malformed(f"the Content-Type must be {_CONTENT_TYPE}", 415)
    message = read_signed(request.body)
    nonce = endpoint.nonces.read(message.header.get("nonce"))
    if message.url != endpoint.url_of(request):
        raise unauthorized("the `url` of the protected header is not that of this request", 401)
    return message, nonce


def _account_id(endpoint: Endpoint, message: SignedMessage) -> str:
    if message.jwk is not None:
        raise malformed("this request must be signed by an account: `kid`, not `jwk`")
    if not isinstance(message.kid, str):
        raise malformed("the `kid` is not a text")
    prefix = endpoint.account_url("")
    if not message.kid.startswith(prefix):
        raise _no_account()
    return message.kid.removeprefix(prefix)


def _known(endpoint: Endpoint, message: SignedMessage) -> KnownAccount:
    """The account as remembered or stored, after the message was verified with its key.

    A remembered key that does not verify may have been changed by another process: then the store is asked.
    """
    account_id = _account_id(endpoint, message)
    remembered = endpoint.keys.get(account_id)
    if remembered is not None and remembered.account.endpoint != endpoint.name:
        raise _no_account()
    failure = None if remembered is None else _failure(message, remembered.key)
    if remembered is not None and failure is None:
        return remembered
    with endpoint.store.reading() as tx:
        account = _existing(endpoint, tx, account_id)
    if remembered is not None and failure is not None and remembered.key.thumbprint == account.thumbprint:
        raise failure
    known = known_account(account)
    endpoint.keys.put(known)
    message.verify(known.key)
    return known


def _failure(message: SignedMessage, key: AccountKey) -> Refused | None:
    try:
        message.verify(key)
    except Refused as refused:
        return refused
    return None


def _existing(endpoint: Endpoint, tx: Reading | Writing, account_id: str) -> Account:
    account = tx.acme.account(account_id)
    if account is None or account.endpoint != endpoint.name:
        raise _no_account()
    return account


def _admitted(endpoint: Endpoint, tx: Reading | Writing, message: SignedMessage, known: KnownAccount) -> KnownAccount:
    """The account as its row is now, if it is valid; with a key changed meanwhile the message is verified again."""
    account = _existing(endpoint, tx, known.account.id)
    if account.thumbprint == known.key.thumbprint:
        current = KnownAccount(account, known.key)
    else:
        current = known_account(account)
        endpoint.keys.put(current)
        message.verify(current.key)
    if account.status is not AccountStatus.VALID:
        raise unauthorized(f"the account is {account.status.value}", 401)
    return current


def _call(
    endpoint: Endpoint,
    request: Request,
    parameters: Parameters,
    opened: tuple[SignedMessage, bytes],
    known: KnownAccount,
) -> AccountCall:
    message, nonce = opened
    identity = endpoint.account_url(known.account.id)
    now = endpoint.clock()
    return AccountCall(endpoint, request, parameters, message, nonce, known.key, identity, now, known.account)


def _by_key(endpoint: Endpoint, request: Request, parameters: Parameters, message: SignedMessage, nonce: bytes) -> Call:
    if message.jwk is None:
        raise malformed("this request must bring its key: `jwk`, not `kid`")
    key = read_jwk(message.jwk, endpoint.weak_keys)
    message.verify(key)
    identity = f"key:{key.thumbprint}"
    return Call(endpoint, request, parameters, message, nonce, key, identity, endpoint.clock())


def _in_transaction(endpoint: Endpoint, nonce: bytes, work: Callable[[Writing], Reply], *, durable: bool) -> Reply:
    def run() -> Reply:
        with endpoint.store.writing(durable=durable) as tx:
            return work(tx)

    reply = _burning(endpoint, nonce, run)
    if reply.due is not None:
        endpoint.validations.wake(reply.due)
    return reply


def _burning(endpoint: Endpoint, nonce: bytes, work: Callable[[], Result]) -> Result:
    """Do the work; if it is refused, spend the nonce all the same."""
    try:
        return work()
    except Refused as refused:
        if refused.reason not in {Reason.REPLAYED, Reason.UNAVAILABLE}:
            with endpoint.store.writing() as tx:
                tx.acme.spend_nonce(nonce)
        raise


def _no_account() -> AcmeRefusal:
    problem = Problem("accountDoesNotExist", "there is no account at the address given as `kid`")
    return AcmeRefusal(problem, reason=Reason.NOT_FOUND)
