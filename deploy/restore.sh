#!/bin/sh
# Puts back what followup-backup has copied, into empty folders, with Redis and
# the service stopped. It changes nothing where something is already.
#
#   followup-restore BACKUP.tar REDIS-FOLDER SPOOL-FOLDER
#
# What happened after the backup is not in it: messages that went, and who opted
# out. So the service begins as a trial again: only staff get messages until
# somebody has looked and runs `followup go-live`. With --live it goes on at once.
set -eu
umask 077

fail() { echo "followup-restore: $*" >&2; exit 1; }
live=no
if [ "${1:-}" = --live ]; then
	live=yes
	shift
fi
[ $# -eq 3 ] || { echo "usage: $0 [--live] BACKUP.tar REDIS-FOLDER SPOOL-FOLDER" >&2; exit 2; }
backup=$1 redis=$2 spool=$3
[ -f "$backup" ] || fail "no file $backup"
for folder in "$redis" "$spool"; do
	mkdir -p "$folder"
	[ -z "$(ls -A "$folder")" ] || fail "$folder is not empty; move what is in it away first"
done

work=$(mktemp -d)
server=
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
tar -C "$work" -xf "$backup" || fail "$backup cannot be read"
from=$(find "$work" -mindepth 1 -maxdepth 1 -type d -name 'followup-*')
[ -d "$from" ] || fail "$backup is no backup of followup"
(cd "$from" && sha256sum --quiet -c SHA256SUMS) || fail "$backup is damaged; take an earlier one"

# Redis reads its append-only file and no other (redis.io, persistence): a server
# that is nobody's reads the copy and writes one.
cp "$from/redis.rdb" "$redis/restore.rdb"
socket=$work/s
redis-server --port 0 --unixsocket "$socket" --dir "$redis" --dbfilename restore.rdb --appendonly no --save "" \
	--maxmemory-policy noeviction --daemonize no --loglevel warning >"$work/log" 2>&1 &
server=$!
ask() { redis-cli -s "$socket" "$@"; }
patience=0
until [ "$(ask PING 2>/dev/null)" = PONG ]; do
	kill -0 "$server" 2>/dev/null && [ "$patience" -lt 600 ] || fail "Redis does not take the copy: $(tail -n 1 "$work/log")"
	patience=$((patience + 1))
	sleep 0.1
done
[ "$live" = yes ] || ask DEL f:live >/dev/null
people=$(ask ZCARD f:due)
keys=$(ask DBSIZE)
[ "$(ask CONFIG SET appendonly yes)" = OK ] || fail "Redis writes no append-only file"
while ask INFO persistence | tr -d '\r' | grep -Eq '^(aof_rewrite_in_progress|aof_rewrite_scheduled):1$'; do sleep 0.1; done
ask INFO persistence | tr -d '\r' | grep -qx 'aof_last_bgrewrite_status:ok' || fail "Redis could not write its append-only file; is the disk full?"
ask SHUTDOWN NOSAVE >/dev/null 2>&1 || true
wait "$server" || true
server=
rm -f "$redis/restore.rdb"
cp -R "$from/spool/." "$spool/"

# Root restores for the service's user.
if [ "$(id -u)" = 0 ]; then
	chown -R "$(stat -c %u:%g "$redis")" "$redis"
	chown -R "$(stat -c %u:%g "$spool")" "$spool"
fi
echo "restored $keys keys; $people people have something planned. clinic.yaml and templates, if you want them back, are in $backup"
if [ "$live" = no ]; then
	echo "on trial until \`followup go-live\`: look first at who has opted out since the backup, and what went since then"
fi
