"""An ACME endpoint over a CA in memory; what would be fetched is in the test's hand."""

from dataclasses import replace
from time import sleep

from cryptography import x509

from emca_daemon.names import ProfileName
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.account_keys import KeyMemory
from emca_daemon.protocols.acme.challenges import HttpAnswer, TxtAnswer, dns_record_value, judge_dns01, judge_http01
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.nonces import Nonces, nonce_key
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.acme.validation import ValidationDesk
from emca_daemon.randomness import system_random
from emca_daemon.settings.acme import AcmeSettings
from tests.support.acme_client import AccountPrivateKey, AcmeClient, Answer, csr_for
from tests.support.ca_world import World

BASE_URL = "https://ca.test/acme"
SETTINGS = AcmeSettings(base_url=BASE_URL, profile=ProfileName("tls-server"))


class WokenUp:
    """Validations that only note what was asked of them, in the name of a holder or of none."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.tasks: list[ValidationTask] = []
        self.name = ""

    def holder(self) -> str:
        """As the test has it."""
        return self.name

    def wake(self, task: ValidationTask) -> None:
        """Note it."""
        assert task.endpoint
        self.tasks.append(task)
        self.woken.append(task.challenge_id)


class AcmeWorld(World):
    """A CA with one ACME endpoint."""

    def __init__(self, settings: AcmeSettings = SETTINGS, **profile_changes: object) -> None:
        super().__init__()
        self.with_issuers()
        profile = self.profiles[settings.profile]
        self.profiles[settings.profile] = replace(profile, issuer="issuing", **profile_changes)  # type: ignore[arg-type]
        self.enrollment._profiles = self.profiles
        self.settings = settings
        self.validations = WokenUp()
        self.desk = ValidationDesk(self.store, {"main": settings}, self.clock)
        self.endpoint = self.make_endpoint()
        self.responder = AcmeResponder(self.endpoint)

    def make_endpoint(self, name: str = "main", settings: AcmeSettings | None = None) -> Endpoint:
        """Another process's, or another endpoint's, view of the same store."""
        settings = settings or self.settings
        key = nonce_key(self.store, system_random)
        return Endpoint(
            name=name,
            settings=settings,
            store=self.store,
            enrollment=self.enrollment,
            revoking=self.revoking,
            validations=self.validations,
            clock=self.clock,
            random=system_random,
            nonces=Nonces(key, name, settings.nonce_lifetime, self.clock, system_random),
            weak_keys=WeakKeys(),
            keys=KeyMemory(),
        )

    def intent_is_open(self) -> bool:
        """Whether a serial is taken and its certificate not there yet: the moment of the signature."""
        with self.store.reading() as tx:
            return bool(tx.certificates.open_intents(self.clock.now.replace(year=2099)))

    def client(self, key: AccountPrivateKey | None = None, algorithm: str | None = None) -> AcmeClient:
        """A client without an account."""
        return AcmeClient(self.responder.respond, self.settings.base_url, key, algorithm)

    def account(self, key: AccountPrivateKey | None = None, algorithm: str | None = None) -> AcmeClient:
        """A client with an account."""
        return self.client(key, algorithm).register()

    def work(self, *, right: bool = True, retry: bool = False) -> list[ValidationTask]:
        """Do what a validation worker does with everything that is due."""
        tasks = self.desk.due("worker", 100)
        for task in tasks:
            self._judge(task, right=right, retry=retry)
        return tasks

    def _judge(self, task: ValidationTask, *, right: bool, retry: bool) -> None:
        problem: Problem | None
        if task.type == "http-01":
            body = task.key_authorization.encode() if right else b"nothing of the kind"
            problem = judge_http01(task.key_authorization, HttpAnswer(200, body, "http://x/", "192.0.2.9"))
        else:
            value = dns_record_value(task.key_authorization) if right else "wrong"
            problem = judge_dns01(task.key_authorization, TxtAnswer((value.encode(),)))
        if problem is None:
            self.desk.succeed(task, {"address": "192.0.2.9"})
        else:
            self.desk.fail(task, problem, retry=retry)

    def ready_order(self, client: AcmeClient, *names: str) -> Answer:
        """An order whose authorizations are valid."""
        order = client.order(*names)
        assert order.status == 201, order
        for url in order.json["authorizations"]:
            authorization = client.post(url).json
            if authorization["status"] == "pending":
                assert client.post(authorization["challenges"][0]["url"], {}).status == 200
        for _ in range(1000):
            self.work()
            current = client.post(order.location)
            if current.json["status"] != "pending":
                return current
            sleep(0.005)  # another thread has taken the challenges
        raise AssertionError("the order stays pending")

    def issue(self, client: AcmeClient, *names: str, csr: bytes | None = None) -> x509.Certificate:
        """A certificate, all the way."""
        order = self.ready_order(client, *names)
        done = client.finalize(order, csr or csr_for(*names))
        assert done.status == 200, done
        pem = client.post(done.json["certificate"]).response.body
        return x509.load_pem_x509_certificates(pem)[0]
