"""Whether a database has the schema that this code works on; asked at every start, so without Alembic."""

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from emca_daemon.store.failures import refusal_of

HEAD = "0019"
"""The newest revision in `migrations/versions`."""

_REVISION = text("select version_num from alembic_version")


def is_current(engine: Engine) -> bool:
    """Whether the newest migration was applied; raises Refused(UNAVAILABLE)."""
    try:
        with engine.connect() as connection:
            connection.execute(text("select 1"))
            try:
                return connection.execute(_REVISION).scalar() == HEAD
            except (OperationalError, ProgrammingError):
                return False  # an empty database has no such table
    except SQLAlchemyError as error:
        raise refusal_of(error) or error from error
