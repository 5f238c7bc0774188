"""The first schema

Revision: 0001, after
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalog_lesson",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.String(length=400), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_catalog_lesson_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_lesson")),
        sa.UniqueConstraint("asset_id", name=op.f("uq_catalog_lesson_asset_id")),
    )
    with op.batch_alter_table("catalog_lesson", schema=None) as batch_op:
        batch_op.create_index("ix_catalog_lesson_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_catalog_lesson_owner_id_created_at", ["owner_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_catalog_lesson_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "catalog_sign_in_failure",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_catalog_sign_in_failure")),
    )
    with op.batch_alter_table("catalog_sign_in_failure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_catalog_sign_in_failure_last_at"), ["last_at"], unique=False)

    op.create_table(
        "catalog_unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('ministry', 'oblast', 'district', 'school')", name=op.f("ck_catalog_unit_kind")),
        sa.ForeignKeyConstraint(["parent_id"], ["catalog_unit.id"], name=op.f("fk_catalog_unit_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_unit")),
        sa.UniqueConstraint("path", name=op.f("uq_catalog_unit_path")),
    )
    with op.batch_alter_table("catalog_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_catalog_unit_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "catalog_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('teacher', 'pupil', 'curator', 'admin')", name=op.f("ck_catalog_person_role")),
        sa.ForeignKeyConstraint(["unit_id"], ["catalog_unit.id"], name=op.f("fk_catalog_person_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_person")),
        sa.UniqueConstraint("login", name=op.f("uq_catalog_person_login")),
    )
    with op.batch_alter_table("catalog_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_catalog_person_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "catalog_access_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["catalog_person.id"], name=op.f("fk_catalog_access_token_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_access_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_catalog_access_token_digest")),
    )
    with op.batch_alter_table("catalog_access_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_catalog_access_token_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_catalog_access_token_person_id"), ["person_id"], unique=False)

    op.create_table(
        "media_asset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("published_job_id", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_asset")),
    )
    with op.batch_alter_table("media_asset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_asset_removed_at"), ["removed_at"], unique=False)

    op.create_table(
        "source_part",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("asset_id", "offset", name=op.f("pk_source_part")),
    )
    with op.batch_alter_table("source_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_part_key"), ["key"], unique=False)

    op.create_table(
        "transcode_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("plan_digest", sa.String(length=64), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("source_bytes", sa.BigInteger(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_params", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcode_job")),
    )
    with op.batch_alter_table("transcode_job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transcode_job_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "chunk_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("renditions", sa.JSON(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("long", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("postponed", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_params", sa.JSON(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["transcode_job.id"], name=op.f("fk_chunk_task_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunk_task")),
    )
    with op.batch_alter_table("chunk_task", schema=None) as batch_op:
        batch_op.create_index("ix_chunk_task_fair_lane", ["job_id", "state", "lane"], unique=False)
        batch_op.create_index(
            "ix_chunk_task_first_lanes",
            ["state", "lane", "queued_at", "rank"],
            unique=False,
        )

    op.create_table(
        "job_turn",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["transcode_job.id"], name=op.f("fk_job_turn_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_turn")),
    )
    with op.batch_alter_table("job_turn", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_turn_turn"), ["turn"], unique=False)

    op.create_table(
        "media_object",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("rendition", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_num", sa.BigInteger(), nullable=False),
        sa.Column("start_den", sa.BigInteger(), nullable=False),
        sa.Column("duration_num", sa.BigInteger(), nullable=False),
        sa.Column("duration_den", sa.BigInteger(), nullable=False),
        sa.Column("iframe_bytes", sa.BigInteger(), nullable=False),
        sa.Column("codec", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["transcode_job.id"], name=op.f("fk_media_object_job_id")),
        sa.PrimaryKeyConstraint("job_id", "rendition", "name", name=op.f("pk_media_object")),
    )
    with op.batch_alter_table("media_object", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_object_key"), ["key"], unique=False)

    op.create_table(
        "playback_position",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("position_s", sa.Float(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "lesson_id", name=op.f("pk_playback_position")),
    )
    op.create_table(
        "playback_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playback_session")),
    )
    with op.batch_alter_table("playback_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_playback_session_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_playback_session_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index("ix_playback_session_person_id_lesson_id", ["person_id", "lesson_id"], unique=False)

    op.create_table(
        "trace_registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("watched", sa.Text(), nullable=False),
        sa.Column("spent_ms", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_registration")),
        sa.UniqueConstraint(
            "pseudonym", "lesson_id", "attempt", name=op.f("uq_trace_registration_pseudonym_lesson_id_attempt")
        ),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False),
        sa.Column("metadata_field", sa.Text(), nullable=False),
        sa.Column("concat_field", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("joined_into", sa.Uuid(), nullable=True),
        sa.Column("node", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('whole', 'partial', 'final')", name=op.f("ck_upload_kind")),
        sa.CheckConstraint("state IN ('receiving', 'complete', 'ended')", name=op.f("ck_upload_state")),
        sa.CheckConstraint("stored_bytes <= length", name=op.f("ck_upload_stored_bytes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("asset_id", name=op.f("uq_upload_asset_id")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_joined_into"), ["joined_into"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_node"), ["node"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_upload_state_expires_at", ["state", "expires_at"], unique=False)

    op.create_table(
        "upload_quota",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_upload_quota")),
    )
    op.create_table(
        "trace_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("unit_path", sa.String(length=400), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=True),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("length_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("implausible", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["trace_registration.id"], name=op.f("fk_trace_session_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_session")),
    )
    with op.batch_alter_table("trace_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trace_session_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trace_session_registration_id"), ["registration_id"], unique=False)

    op.create_table(
        "upload_part",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_part_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "offset", name=op.f("pk_upload_part")),
    )
    with op.batch_alter_table("upload_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_part_key"), ["key"], unique=False)

    op.create_table(
        "trace_event",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["trace_session.id"], name=op.f("fk_trace_event_session_id")),
        sa.PrimaryKeyConstraint("session_id", "sequence", name=op.f("pk_trace_event")),
    )
    op.create_table(
        "trace_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["trace_session.id"], name=op.f("fk_trace_statement_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_statement")),
    )
    with op.batch_alter_table("trace_statement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trace_statement_lesson_id"), ["lesson_id"], unique=False)
        batch_op.create_index("ix_trace_statement_order", ["timestamp", "session_id", "sequence"], unique=False)
        batch_op.create_index(batch_op.f("ix_trace_statement_session_id"), ["session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trace_statement_stored"), ["stored"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("trace_statement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trace_statement_stored"))
        batch_op.drop_index(batch_op.f("ix_trace_statement_session_id"))
        batch_op.drop_index("ix_trace_statement_order")
        batch_op.drop_index(batch_op.f("ix_trace_statement_lesson_id"))

    op.drop_table("trace_statement")
    op.drop_table("trace_event")
    with op.batch_alter_table("upload_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_part_key"))

    op.drop_table("upload_part")
    with op.batch_alter_table("trace_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trace_session_registration_id"))
        batch_op.drop_index(batch_op.f("ix_trace_session_lesson_id"))

    op.drop_table("trace_session")
    op.drop_table("upload_quota")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index("ix_upload_state_expires_at")
        batch_op.drop_index(batch_op.f("ix_upload_owner_id"))
        batch_op.drop_index(batch_op.f("ix_upload_node"))
        batch_op.drop_index(batch_op.f("ix_upload_joined_into"))

    op.drop_table("upload")
    op.drop_table("trace_registration")
    with op.batch_alter_table("playback_session", schema=None) as batch_op:
        batch_op.drop_index("ix_playback_session_person_id_lesson_id")
        batch_op.drop_index(batch_op.f("ix_playback_session_lesson_id"))
        batch_op.drop_index(batch_op.f("ix_playback_session_created_at"))

    op.drop_table("playback_session")
    op.drop_table("playback_position")
    with op.batch_alter_table("media_object", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_media_object_key"))

    op.drop_table("media_object")
    with op.batch_alter_table("job_turn", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_turn_turn"))

    op.drop_table("job_turn")
    with op.batch_alter_table("chunk_task", schema=None) as batch_op:
        batch_op.drop_index("ix_chunk_task_first_lanes")
        batch_op.drop_index("ix_chunk_task_fair_lane")

    op.drop_table("chunk_task")
    with op.batch_alter_table("transcode_job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transcode_job_asset_id"))

    op.drop_table("transcode_job")
    with op.batch_alter_table("source_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_source_part_key"))

    op.drop_table("source_part")
    with op.batch_alter_table("media_asset", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_media_asset_removed_at"))

    op.drop_table("media_asset")
    with op.batch_alter_table("catalog_access_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalog_access_token_person_id"))
        batch_op.drop_index(batch_op.f("ix_catalog_access_token_expires_at"))

    op.drop_table("catalog_access_token")
    with op.batch_alter_table("catalog_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalog_person_unit_id"))

    op.drop_table("catalog_person")
    with op.batch_alter_table("catalog_unit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalog_unit_parent_id"))

    op.drop_table("catalog_unit")
    with op.batch_alter_table("catalog_sign_in_failure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalog_sign_in_failure_last_at"))

    op.drop_table("catalog_sign_in_failure")
    with op.batch_alter_table("catalog_lesson", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalog_lesson_unit_id"))
        batch_op.drop_index("ix_catalog_lesson_owner_id_created_at")
        batch_op.drop_index("ix_catalog_lesson_created_at_id")

    op.drop_table("catalog_lesson")
