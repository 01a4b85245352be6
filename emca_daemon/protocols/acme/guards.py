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
from emca_daemon.protocols.acme.account_keys import AccountKey, read_jwk, read_stored
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


def signed_by_account(operation: Callable[[AccountCall, Writing], Reply]) -> Served:
    """A valid account calls it; the whole operation is one transaction."""

    def serve(endpoint: Endpoint, request: Request, parameters: Parameters) -> Reply:
        message, nonce = _open(endpoint, request)
        account_id = _account_id(endpoint, message)
        key = _account_key(endpoint, message, account_id)

        def work(tx: Writing) -> Reply:
            call = _admit(endpoint, request, parameters, (message, nonce), key, tx.acme.account(account_id))
            call.spend_nonce(tx)
            return operation(call, tx)

        return _in_transaction(endpoint, nonce, work, durable=bool(message.payload))

    return serve


def signed_by_account_alone(operation: Callable[[AccountCall], Reply]) -> Served:
    """A valid account calls it; the operation has transactions of its own and spends the nonce in one of them."""

    def serve(endpoint: Endpoint, request: Request, parameters: Parameters) -> Reply:
        message, nonce = _open(endpoint, request)
        account_id = _account_id(endpoint, message)
        key = _account_key(endpoint, message, account_id)
        with endpoint.store.reading() as tx:
            account = tx.acme.account(account_id)
        call = _admit(endpoint, request, parameters, (message, nonce), key, account)
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


def _account_key(endpoint: Endpoint, message: SignedMessage, account_id: str) -> AccountKey:
    """The account's key as remembered or stored, after the message was verified with it.

    A remembered key that does not verify may have been changed by another process: then the store is asked.
    """
    remembered = endpoint.keys.get(account_id)
    failure = None if remembered is None else _failure(message, remembered)
    if remembered is not None and failure is None:
        return remembered
    with endpoint.store.reading() as tx:
        account = _existing(endpoint, tx, account_id)
    if remembered is not None and failure is not None and remembered.thumbprint == account.thumbprint:
        raise failure
    key = read_stored(account.jwk)
    endpoint.keys.put(account_id, key)
    message.verify(key)
    return key


def _failure(message: SignedMessage, key: AccountKey) -> Refused | None:
    try:
        message.verify(key)
    except Refused as refused:
        return refused
    return None


def _existing(endpoint: Endpoint, tx: Reading, account_id: str) -> Account:
    account = tx.acme.account(account_id)
    if account is None or account.endpoint != endpoint.name:
        raise _no_account()
    return account


def _admit(
    endpoint: Endpoint,
    request: Request,
    parameters: Parameters,
    opened: tuple[SignedMessage, bytes],
    key: AccountKey,
    account: Account | None,
) -> AccountCall:
    """The call, if the account still is valid; a key changed meanwhile is noticed and the message verified again."""
    message, nonce = opened
    if account is None or account.endpoint != endpoint.name:
        raise _no_account()
    if account.thumbprint != key.thumbprint:
        key = read_stored(account.jwk)
        endpoint.keys.put(account.id, key)
        message.verify(key)
    if account.status is not AccountStatus.VALID:
        raise unauthorized(f"the account is {account.status.value}", 401)
    identity = endpoint.account_url(account.id)
    return AccountCall(endpoint, request, parameters, message, nonce, key, identity, endpoint.clock(), account)


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
    if reply.wake:
        endpoint.validations.wake(endpoint.name, reply.wake)
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
