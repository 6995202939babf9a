#!/usr/bin/env bash
# Makes the passwords of docker-compose.yml, once: random, each in a file of deploy/secrets, which git ignores and only you may
# enter. A file that exists is kept.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets
mkdir -p "$folder"
chmod 0700 "$folder"

random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

# What a container reads, whatever its user: the folder keeps everybody else out.
keep() {
  [ -e "$folder/$1" ] || { printf '%s\n' "$2" >"$folder/$1.new" && chmod 0444 "$folder/$1.new" && mv "$folder/$1.new" "$folder/$1"; }
}

keep postgres "$(random)"
for role in migrator api worker reader; do
  keep "$role" "*:*:*:kdr_$role:$(random)" # The form of a PostgreSQL password file: Passfile=FILE in a connection string.
done
echo "secrets are in $folder"
