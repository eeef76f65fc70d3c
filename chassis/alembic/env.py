"""Alembic's entry: one connection that the caller gave, or a script for nobody in particular."""

from alembic import context

connection = context.config.attributes["connection"]
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", transaction_per_migration=True)
else:
    context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
