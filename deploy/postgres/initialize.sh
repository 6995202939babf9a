#!/usr/bin/env bash
# Run once by the postgres image, when its data folder is empty: the roles of roles.sql and their passwords from /run/secrets.
set -euo pipefail
sql() { psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"; }
sql --quiet --file /deploy/roles.sql
for role in migrator api worker reader; do
  # Through a variable of psql, from its standard input: neither the command line nor the log holds it.
  { printf '\\set password %s\n' "'$(cut -d: -f5 "/run/secrets/$role")'"; echo "ALTER ROLE kdr_$role PASSWORD :'password';"; } | sql --quiet
done
