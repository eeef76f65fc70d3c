"""Letters as they are searched, apart from the case's row: written once, so that no step of a case pays for it."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("""
        create table case_texts (
            number text primary key references cases,
            submitted_at timestamptz not null,
            place text not null,        -- without blanks and punctuation
            words text not null,        -- text and place, likewise
            pairs text[] not null       -- all pairs of neighbouring characters of `words`
        )""")
    op.execute(r"""
        insert into case_texts
        select number, submitted_at, lower(regexp_replace(place, '[[\:space\:][\:punct\:]]', '', 'g')), w.words,
               array(select distinct substr(w.words, i, 2) from generate_series(1, length(w.words) - 1) i)
        from cases,
             lateral (select lower(regexp_replace(body || place, '[[\:space\:][\:punct\:]]', '', 'g')) as words) w
        where submitted_at is not null""")
    # The search by words.
    op.execute("create index case_texts_by_pairs on case_texts using gin (pairs)")
    # Later letters from the telephone of this one.
    op.execute("create index cases_by_telephone on cases using gin (same_telephone) where same_telephone <> '{}'")
    # Letters of one place within some days: proposed as repeats.
    op.execute("create index case_texts_by_place on case_texts (place, submitted_at)")
