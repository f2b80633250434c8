#!/bin/sh
# Copies what followup keeps into one file: what waits in the spool, all of
# Redis at one moment, the clinic's file and words. It runs beside the service.
# The key set and the settings with their passwords are not in it: without the
# key set the copy can be read by nobody, so keep that elsewhere.
#
#   followup-backup FOLDER    with the settings of /etc/followup/env in the environment
set -eu
umask 077

fail() { echo "followup-backup: $*" >&2; exit 1; }
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
to=$1
keep=${FOLLOWUP_BACKUPS:-168} # the newest so many stay: a week of hours
[ -d "$to" ] || fail "no folder $to; make it, for the service's user alone"
[ -n "${FOLLOWUP_REDIS_URL:-}" ] || fail "FOLLOWUP_REDIS_URL is not set; load /etc/followup/env first"
spool=${FOLLOWUP_SPOOL:-spool}

case $FOLLOWUP_REDIS_URL in
redis-socket://*)
	socket=${FOLLOWUP_REDIS_URL#redis-socket://}
	set -- -s "${socket%%\?*}"
	;;
redis://*)
	# user:password@host:port/db; the password goes by the environment, since
	# everybody on the machine may read the arguments.
	place=${FOLLOWUP_REDIS_URL#redis://}
	place=${place%%/*}
	who=
	case $place in *@*) who=${place%@*} place=${place##*@} ;; esac
	case $who in *:*) REDISCLI_AUTH=${who#*:} && export REDISCLI_AUTH ;; esac
	port=6379
	case $place in *:*) port=${place##*:} place=${place%:*} ;; esac
	set -- -h "$place" -p "$port"
	if [ -n "${who%%:*}" ]; then set -- "$@" --user "${who%%:*}"; fi
	;;
*) fail "this script copies a Redis at redis-socket:// or redis://; for others use their own backup" ;;
esac

name=followup-$(date -u +%Y%m%dT%H%M%SZ)
work=$(mktemp -d "$to/.$name.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/$name"

# The spool first: what drains meanwhile is in both, which does no harm; the
# other way round it would be in neither.
if [ -d "$spool" ]; then cp -R "$spool" "$work/$name/spool"; else mkdir "$work/$name/spool"; fi
redis-cli "$@" --rdb "$work/$name/redis.rdb" >/dev/null 2>&1 || fail "Redis gives no copy of itself; is it there, and the disk not full?"
redis-check-rdb "$work/$name/redis.rdb" >/dev/null 2>&1 || fail "the copy of Redis cannot be read back"
if [ -f "${FOLLOWUP_CLINIC:-}" ]; then cp "$FOLLOWUP_CLINIC" "$work/$name/clinic.yaml"; fi
if [ -d "${FOLLOWUP_TEMPLATES:-}" ]; then cp -R "$FOLLOWUP_TEMPLATES" "$work/$name/templates"; fi
(cd "$work/$name" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + >SHA256SUMS)

tar -C "$work" -cf "$work/$name.tar" "$name"
sync "$work/$name.tar"
mv "$work/$name.tar" "$to/$name.tar"
sync "$to"
echo "$to/$name.tar"

# The names carry their time, so the order of letters is that of time.
ls "$to" | grep -E '^followup-[0-9]{8}T[0-9]{6}Z\.tar$' | sort -r | tail -n +"$((keep + 1))" | while read -r old; do
	rm -f "$to/$old"
done
