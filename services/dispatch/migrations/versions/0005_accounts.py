"""Officers' accounts, their sessions, and the log of logins."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
        create table accounts (
            name text primary key check (name = lower(name)),
            display text not null,
            roles text[] not null,
            unit text,                  -- no reference: accounts may be made before the organisation is loaded
            passwords text[] not null,  -- argon2id, the current one first; the last five are barred
            must_change boolean not null,
            second bytea,               -- secret of the second factor, sealed (ACCOUNT_KEYS)
            second_confirmed boolean not null,
            second_step bigint not null, -- the last one used
            recovery bytea[] not null,  -- sha-256 of codes that are good once
            failures integer not null,
            locked_until timestamptz,
            disabled boolean not null
        )""")
    op.execute("""
        create table sessions (
            digest bytea primary key,   -- sha-256 of what the browser holds
            subject text not null,
            display text not null,
            account text references accounts,
            roles text[] not null,
            unit text,
            created_at timestamptz not null,
            seen_at timestamptz not null,
            ended text                  -- why; null while it lives
        )""")
    # A new login ends the old ones of the same person.
    op.execute("create index sessions_by_subject on sessions (subject)")
    op.execute("""
        create table login_log (
            id bigint generated always as identity primary key,
            at timestamptz not null,
            account text,               -- null where the name is no account: people type passwords there
            event text not null,
            address text
        )""")
    # An officer's last logins on the page of the account.
    op.execute("create index login_log_by_account on login_log (account, id)")
