"""Photos and videos: what is known of each file. Their bytes lie in the object store."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        create table media (
            id text primary key,            -- 128 random bits: nobody guesses one
            token bytea not null,           -- keyed hash of the secret that goes on with the upload and binds it
            source bytea not null,          -- keyed hash of the address, or of the officer, it came from
            kind text not null check (kind in ('photo', 'video')),
            state text not null check (state in ('uploading', 'checking', 'ready', 'refused')),
            reason text,                    -- why it was refused
            size bigint not null,           -- bytes, as declared
            ends bigint[] not null default '{}',  -- where the pieces in the object store end; empty once they are gone
            consent boolean not null,       -- time and place of the picture may be kept
            created_at timestamptz not null,
            arrived_at timestamptz,         -- the last piece was there
            number text references cases,   -- the case it belongs to; a file without one is forgotten after a day
            stage text check (stage in ('letter', 'supplement', 'work')),
            unit text,                      -- whose officer added it
            bound_at timestamptz,
            attempts integer not null default 0,
            next_try timestamptz,           -- while checking: when it may be claimed; a claim moves it on
            taken_at timestamptz,
            latitude double precision,
            longitude double precision,
            width integer,
            height integer,
            seconds double precision,
            sizes jsonb                     -- bytes of each rendition
        )""")
    # What is shown of a case.
    op.execute("create index media_by_case on media (number, bound_at, id) where number is not null")
    # The queue of the darkroom.
    op.execute("create index media_to_develop on media (kind, next_try) where state = 'checking'")
    # What nobody bound to a case: counted by source, forgotten by age.
    op.execute("create index media_unbound_by_source on media (source) where number is null")
    op.execute("create index media_unbound_by_age on media (created_at) where number is null")
    # Pieces that are no longer needed.
    op.execute(
        "create index media_to_clear on media (id) where state in ('ready', 'refused') and cardinality(ends) > 0"
    )
