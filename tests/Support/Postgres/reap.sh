#!/bin/sh
# Ends a test's private PostgreSQL when the test process is gone, however it went: standard input is a pipe that only
# the test process holds open, so read returns at its end.
#   reap.sh FOLDER
read -r _
lock=$1/data/postmaster.pid
if pid=$(head -n 1 "$lock" 2>/dev/null); then
    kill -QUIT "$pid"
    kill -CONT "$pid"
    # The lock file goes with the server; waiting for the process itself would also wait for whoever should collect it.
    tries=0
    while [ -f "$lock" ] && [ $tries -lt 80 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
fi 2>/dev/null
rm -rf -- "$1"
