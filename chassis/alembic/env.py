"""Alembic's entry: one database, reached by the URL the caller gave."""

from alembic import context
from sqlalchemy import text

from chassis.database import Database

database = Database(context.config.attributes["url"], pool_size=1, application="migrate")
with database.engine.connect() as connection:
    # A revision that cannot get its locks soon gives up instead of queueing every request behind it.
    connection.execute(text("set lock_timeout = '4s'; set statement_timeout = '60s'"))
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        connection.execute(text("select pg_advisory_xact_lock(hashtext('lianxin migrate'))"))
        context.run_migrations()
database.close()
