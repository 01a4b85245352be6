"""OpenSSL's own tables of tests for `openssl cmp`, run against this CA: every row ends as OpenSSL's authors expect."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cmp_site import SECRET, Openssl, approved, cmp_settings, system_openssl
from tests.support.daemon import Daemon
from tests.support.openssl_tables import SETTINGS, TableClient, write_authority_files

pytestmark = pytest.mark.interop

DIFFERENT: dict[tuple[str, str], str] = {
    ("commands", "reqin old tid"): "a message that was answered already is a replay: transactionIdInUse",
    (
        "commands",
        "reqin new tid",
    ): "a request that comes again gets another certificate than the old certConf is for",
    ("commands", "genm crlStatusList with wrong issuer"): "no CRL for another CA's name: an answer without a value",
    ("commands", "genm crlStatusList with wrong cert and correct crl"): "the same",
    (
        "enrollment",
        "kur certout overwriting oldcert",
    ): "the certificate to be updated is the one that signs",
    ("enrollment", "popo KEYENC not supported"): "it is: the certificate comes encrypted, and OpenSSL can open it",
}
"""Rows that end otherwise here, and why."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with an endpoint for the tables; in the end its log must be clean and its audit chain unbroken."""
    with Daemon(tmp_path_factory.mktemp("cmp") / "demo") as daemon:
        daemon.demo()
        daemon.stop()
        write_authority_files(daemon)
        daemon.config.write_text(cmp_settings(daemon, SETTINGS))
        daemon.serve()
        yield daemon
        daemon.stop()
        daemon.assert_quiet(SECRET)
        assert daemon.done("audit", "verify", "--json").json["unbroken"] is True


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the tables, out of Debian's source package."""
    script = Path(__file__).parents[2] / ".ci" / "openssl-tables"
    folder = tmp_path_factory.mktemp("tables")
    done = subprocess.run([str(script), str(folder)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, daemon: Daemon, tables: Path, newer_openssl: str) -> TableClient:
    """OpenSSL 3.5 in a folder with the files that the tables name."""
    asking = Openssl(system_openssl(), tmp_path_factory.mktemp("authority"), daemon)
    approved(asking, "/CN=RA", "/cmp-ra", "ra.pem")
    authority = (asking.folder / "ra.pem", asking.folder / "new.key")
    return TableClient(newer_openssl, tables, tmp_path_factory.mktemp("client"), daemon, authority)


@pytest.mark.parametrize("aspect", ["connection", "verification", "credentials", "commands", "enrollment"])
def test_table(client: TableClient, aspect: str) -> None:
    """Row after row, since many go on with what those before them have left."""
    rows = client.rows(aspect)
    assert len(rows) > 20
    ended = [(row, *client.run(aspect, row)) for row in rows]
    otherwise = {(aspect, row.title): said for row, succeeded, said in ended if succeeded != row.succeeds}
    listed = {key for key in DIFFERENT if key[0] == aspect}
    unexpected = otherwise.keys() - listed
    assert not unexpected, "\n".join(f"{title}: {otherwise[aspect, title]}" for _, title in unexpected)
    assert not listed - otherwise.keys(), "these end as OpenSSL expects, after all"
