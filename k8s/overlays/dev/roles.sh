#!/bin/bash
# Runs once, when the server is made: a role and a database for each service.
set -eu
for service in intake dispatch sla notify; do
    psql -v ON_ERROR_STOP=1 -U postgres -v name="$service" \
        -v password="$(cat "/run/secrets/postgres/$service")" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name" template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8';
SQL
done
