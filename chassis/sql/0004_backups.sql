-- When this database was backed up: told by `make backup` once the backup is whole, so that its age is a signal.
create table backups (
    taken_at timestamptz primary key, -- when it was begun, by the true time: what is newer is not in it
    noted_at timestamptz not null default now()
);
