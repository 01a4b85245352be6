"""The history of the schema, as Alembic runs it; see `store/migrating.py`."""
