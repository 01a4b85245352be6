"""Whether a database has the schema that this code works on."""

from pathlib import Path

from alembic.script import ScriptDirectory

from emca_daemon.settings.model import StoreSettings
from emca_daemon.store import migrations
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.schema_version import HEAD, is_current


def test_the_newest_revision_is_the_one_in_the_folder() -> None:
    """A new migration moves HEAD."""
    assert ScriptDirectory(str(Path(str(migrations.__path__[0])))).get_current_head() == HEAD


def test_a_database_is_current_once_it_was_migrated(tmp_path: Path) -> None:
    """Empty: not; after that: yes."""
    engine = open_engine(StoreSettings(url=f"sqlite:///{tmp_path}/emca.db"))
    assert not is_current(engine)
    migrate(engine)
    assert is_current(engine)
    engine.dispose()
