"""The public directory: whom a resident may call."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        create table directory (
            code text primary key,
            post text not null check (post in ('leader', 'secretary', 'police', 'grid')),
            name text not null,         -- of the post or of who holds it, as residents are to read it
            telephone text not null,    -- a service telephone, published on purpose
            checked_on date not null,   -- a day in Asia/Shanghai
            community text,             -- a unit's code; null for a leader of the whole street
            grid text not null,
            position integer not null   -- order of the file, which is the order of the page
        )""")
    op.execute("insert into editions (name, id, version, words) values ('directory', gen_random_uuid(), '', '{}')")
