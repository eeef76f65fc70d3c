-- Who decided to pass an event over.
alter table skipped add column skipped_by text not null default '';
