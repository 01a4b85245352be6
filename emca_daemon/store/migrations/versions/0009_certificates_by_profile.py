"""The newest certificate of a profile is found without reading an issuer's others."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_certificates_issuer_profile_created", "certificates", ["issuer", "profile", "created"])
