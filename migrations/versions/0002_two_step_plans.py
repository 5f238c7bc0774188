"""Plans are made in two steps, and what was made is measured

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JOB = sa.table(
    "transcode_job",
    sa.column("id", sa.Uuid()),
    sa.column("state", sa.String()),
    sa.column("plan", sa.JSON(none_as_null=True)),
    sa.column("plan_digest", sa.String()),
    sa.column("planned_at", sa.DateTime(timezone=True)),
)
_TASK = sa.table(
    "chunk_task",
    sa.column("job_id", sa.Uuid()),
    sa.column("kind", sa.String()),
    sa.column("state", sa.String()),
    sa.column("attempts", sa.Integer()),
    sa.column("progress", sa.Float()),
    sa.column("fence", sa.Integer()),
    sa.column("lease_until", sa.DateTime(timezone=True)),
    sa.column("not_before", sa.DateTime(timezone=True)),
    sa.column("finished_at", sa.DateTime(timezone=True)),
    sa.column("error_code", sa.String()),
)
_OBJECT = sa.table("media_object", sa.column("job_id", sa.Uuid()))


def upgrade() -> None:
    with op.batch_alter_table("media_asset", schema=None) as batch_op:
        batch_op.add_column(sa.Column("renewal_job_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("transcode_job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("settled_progress", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("settled_work", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("sound", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("quality", sa.JSON(), nullable=True))
    _begin_anew()


def _begin_anew() -> None:
    """
    Plans of what was being encoded are of a form that is not read any more: it is probed again.

    What it has made so far is collected, as everything that no row names. What was published stays as it is.
    """
    live = sa.select(_JOB.c.id).where(_JOB.c.state == "encoding")
    op.execute(sa.delete(_OBJECT).where(_OBJECT.c.job_id.in_(live)))
    op.execute(sa.delete(_TASK).where(_TASK.c.job_id.in_(live), _TASK.c.kind.not_in(("probe", "sweep"))))
    op.execute(
        sa.update(_TASK)
        .where(_TASK.c.job_id.in_(live), _TASK.c.kind == "probe")
        .values(
            state="ready",
            attempts=0,
            progress=0.0,
            fence=_TASK.c.fence + 1,
            lease_until=None,
            not_before=None,
            finished_at=None,
            error_code=None,
        )
    )
    op.execute(
        sa.update(_JOB)
        .where(_JOB.c.state == "encoding")
        .values(state="waiting", plan=sa.null(), plan_digest=None, planned_at=None)
    )


def downgrade() -> None:
    with op.batch_alter_table("transcode_job", schema=None) as batch_op:
        batch_op.drop_column("quality")
        batch_op.drop_column("sound")
        batch_op.drop_column("settled_work")
        batch_op.drop_column("settled_progress")
    with op.batch_alter_table("media_asset", schema=None) as batch_op:
        batch_op.drop_column("renewal_job_id")
