#!/bin/sh
# A role and a database for each service, on the first start of an empty cluster; its passwords are files.
set -eu
secrets=${SECRETS:-/run/secrets/lianxin}
for service in intake dispatch sla notify; do
    SERVICE=$service PASSWORD_FILE=$secrets/password-$service \
        psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set service `echo "$SERVICE"`
\set password `cat "$PASSWORD_FILE"`
CREATE ROLE :"service" LOGIN PASSWORD :'password';
ALTER ROLE :"service" SET idle_in_transaction_session_timeout = '10s';
CREATE DATABASE :"service" OWNER :"service" TEMPLATE template0;
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
