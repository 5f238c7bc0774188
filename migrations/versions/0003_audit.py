"""An audit log that only grows

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Old entries may go once an entry of their chain, a seal, vouches for them: it names the last one and its digest.
_SQLITE = (
    """
    CREATE TRIGGER catalog_audit_entry_no_update BEFORE UPDATE ON catalog_audit_entry
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
    """,
    """
    CREATE TRIGGER catalog_audit_entry_no_delete BEFORE DELETE ON catalog_audit_entry
    WHEN NOT EXISTS (
        SELECT 1 FROM catalog_audit_entry
        WHERE action = 'log.sealed' AND chain = OLD.chain AND json_extract(details, '$.up_to') >= OLD.sequence
    )
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
    """,
    # REPLACE would remove the row that stands in the way without asking the trigger above.
    """
    CREATE TRIGGER catalog_audit_entry_no_replace BEFORE INSERT ON catalog_audit_entry
    WHEN EXISTS (SELECT 1 FROM catalog_audit_entry WHERE chain = NEW.chain AND sequence = NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION catalog_audit_entry_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            PERFORM 1 FROM catalog_audit_entry
            WHERE action = 'log.sealed' AND chain = OLD.chain
            -- Only a seal's details have this number, and conditions are tried in any order.
            AND CASE WHEN action = 'log.sealed' THEN (details::json->>'up_to')::bigint END >= OLD.sequence;
            IF FOUND THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'the audit log only grows';
    END
    $$
    """,
    """
    CREATE TRIGGER catalog_audit_entry_keep BEFORE UPDATE OR DELETE ON catalog_audit_entry
    FOR EACH ROW EXECUTE FUNCTION catalog_audit_entry_keep()
    """,
    """
    CREATE TRIGGER catalog_audit_entry_keep_all BEFORE TRUNCATE ON catalog_audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_audit_entry_keep()
    """,
)


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "catalog_audit_entry",
        sa.Column("chain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("encoding", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_login", sa.String(length=100), nullable=False),
        sa.Column("unit_path", sa.String(length=400, collation="C" if postgresql else None), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("chain", "sequence", name=op.f("pk_catalog_audit_entry")),
    )
    with op.batch_alter_table("catalog_audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_catalog_audit_entry_at", ["at"])
        for column in ("unit_path", "actor_id", "subject_id", "action"):
            batch_op.create_index(f"ix_catalog_audit_entry_{column}_at", [column, "at"])
    for statement in _POSTGRESQL if postgresql else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("catalog_audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION catalog_audit_entry_keep()")
