#!/bin/sh
# Makes the database at the first start, then becomes the server. POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB.
set -eu
BIN=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
DATA=/var/lib/postgresql/data/cluster
PATH=$BIN:$PATH
if [ ! -e "$DATA/made" ]; then
    rm -rf "$DATA"
    umask 077
    printf %s "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must be set}" > /tmp/password
    initdb -D "$DATA" -U "$POSTGRES_USER" --pwfile /tmp/password -A scram-sha-256 -E UTF8 --locale C.UTF-8
    rm /tmp/password
    echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -D "$DATA" postgres
    echo "host all all all scram-sha-256" >> "$DATA/pg_hba.conf"
    touch "$DATA/made"
fi
exec postgres -D "$DATA" -c listen_addresses='*'
