"""Certificates through the CA's core, beside the same cryptography and one commit done by hand."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, insert

from bench.acme_client import make_csr
from bench.postgresql import serving_postgresql
from bench.site import Site
from bench.tables import Table as Figures
from emca_daemon.ca.enrollment import Issued
from emca_daemon.cli.demo import ISSUING
from emca_daemon.composition.core import Core, open_core
from emca_daemon.names import ProfileName
from emca_daemon.policy.csr import read_csr
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.settings.checking import load_settings
from emca_daemon.store.database import open_engine

ROUNDS, BURST = 5, 80
PROFILES = ("tls-server", "tls-server-public")
"""Linted once a shape; linted each time."""

REQUESTER = Requester("cli", "bench", "local", "127.0.0.1", "bench")


def measure() -> Figures:
    """SQLite in a file, and PostgreSQL; the daemon's own way and the bare one by turns."""
    table = Figures(
        "Certificates through the core",
        (
            "store",
            "profile",
            "certificates per CPU second",
            "CPU µs",
            "bare CPU µs",
            "ratio",
            "wall ms",
            "bare wall ms",
        ),
    )
    with TemporaryDirectory(prefix="emca-bench-") as folder:
        for profile in PROFILES:
            _rows(table, "SQLite, WAL, FULL", Path(folder) / profile, "", profile)
        with serving_postgresql() as url:
            _rows(table, "PostgreSQL", Path(folder) / "postgresql", url, PROFILES[0])
        table.notes.append(
            f"The first certificate of a shape costs {_first(Path(folder) / 'first'):.0f} ms of CPU: "
            "pkilint is loaded and runs once (`tls-server`)."
        )
    table.notes += [
        (
            "Own: verify the request, decide, build, lint, write the intent, sign, verify, write it down; "
            "software P-256 key, P-256 requests."
        ),
        (
            "Bare: verify the request, build and sign it once, and one durable commit of a row with it, "
            "by SQLAlchemy in the same database. The core needs two: the intent must be safe before the key signs."
        ),
        (
            "CPU of this process alone; PostgreSQL's own is not in it. `tls-server-public` runs the CA/Browser Forum's "
            "linter on each certificate."
        ),
    ]
    return table


def _rows(table: Figures, store: str, folder: Path, url: str, profile: str) -> None:
    folder.mkdir()
    site = Site(folder, url, published_at="ca.example.com")
    core = open_core(load_settings(site.daemon.config, files=False))
    try:
        own = _enrolling(core, ProfileName(profile))
        example = own(make_csr("first.example.com"))
        bare = _bare(core, example)
        bare(make_csr("first.example.com"))
        spent: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        for _ in range(ROUNDS):
            for is_own, work in ((True, own), (False, bare)):
                spent[is_own].append(_burst(work))
    finally:
        core.store.close()
    (cpu, wall), (bare_cpu, bare_wall) = min(spent[True]), min(spent[False])
    table.add(store, profile, 1 / cpu, 1e6 * cpu, 1e6 * bare_cpu, cpu / bare_cpu, 1e3 * wall, 1e3 * bare_wall)


def _burst(work: Callable[[bytes], object]) -> tuple[float, float]:
    """CPU and wall seconds a certificate."""
    requests = [make_csr(f"n{number}.example.com") for number in range(BURST)]
    cpu, wall = time.process_time(), time.perf_counter()
    for csr in requests:
        work(csr)
    return (time.process_time() - cpu) / BURST, (time.perf_counter() - wall) / BURST


def _enrolling(core: Core, profile: ProfileName) -> Callable[[bytes], x509.Certificate]:
    weak_keys = WeakKeys()

    def enroll(csr: bytes) -> x509.Certificate:
        issued = core.enrollment.enroll(read_csr(csr, REQUESTER, weak_keys), profile, issuer=ISSUING)
        assert isinstance(issued, Issued)
        return x509.load_der_x509_certificate(issued.der)

    return enroll


def _bare(core: Core, example: x509.Certificate) -> Callable[[bytes], None]:
    """The same cryptography for certificates like that one, and a row of its own table."""
    key = core.keys.get(core.authorities.get(ISSUING).record.key)
    engine = open_engine(core.settings.store)
    rows = Table(
        "bench", MetaData(), Column("serial", String(40), primary_key=True), Column("der", LargeBinary, nullable=False)
    )
    rows.create(engine)
    statement = insert(rows).inline()
    connection = engine.connect()
    begin = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN"

    def issue(der: bytes) -> None:
        csr = x509.load_der_x509_csr(der)
        assert csr.is_signature_valid
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        public_key = csr.public_key()
        assert isinstance(public_key, ec.EllipticCurvePublicKey)
        builder = x509.CertificateBuilder(example.issuer, example.subject, public_key, x509.random_serial_number())
        builder = builder.not_valid_before(example.not_valid_before_utc).not_valid_after(example.not_valid_after_utc)
        for extension in example.extensions:
            mine = names if extension.oid == names.oid else extension
            builder = builder.add_extension(mine.value, mine.critical)
        certificate = builder.sign(key, SHA256())
        connection.exec_driver_sql(begin)
        row = {"serial": f"{certificate.serial_number:040x}", "der": certificate.public_bytes(Encoding.DER)}
        connection.execute(statement, row)
        connection.commit()

    return issue


def _first(folder: Path) -> float:
    """CPU milliseconds of the first certificate of a process whose linter is not loaded, less an ordinary one's."""
    folder.mkdir()
    core = open_core(load_settings(Site(folder).daemon.config, files=False))
    try:
        own = _enrolling(core, ProfileName(PROFILES[0]))
        spent = []
        for csr in (make_csr("first.example.com"), make_csr("second.example.com")):
            begun = time.process_time()
            own(csr)
            spent.append(time.process_time() - begun)
    finally:
        core.store.close()
    return 1000 * (spent[0] - spent[1])
