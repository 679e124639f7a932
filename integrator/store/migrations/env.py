"""Run by Alembic: the connection comes from `migrate`, never from a file."""

from alembic import context

from integrator.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
