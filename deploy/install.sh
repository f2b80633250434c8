#!/bin/sh
# Installs followup on one machine: user, folders, key set, settings, Redis of
# its own, and the units of systemd. Run it again for a new version: what you
# have written it never changes, and it says what it did.
#
#   ./install.sh ./followup             as root
#   DESTDIR=/mnt ./install.sh ./followup   into another folder tree, without starting anything
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
binary=${1:-}

fail() { echo "install.sh: $*" >&2; exit 1; }
say() { echo "  $*"; }

[ $# -eq 1 ] && [ -x "$binary" ] || { echo "usage: $0 PROGRAM    the program is what \`go build ./cmd/followup\` makes" >&2; exit 2; }
"$binary" version >/dev/null 2>&1 || fail "$binary does not run on this machine; build it for this processor"
command -v systemd-sysusers >/dev/null || fail "systemd-sysusers is missing; this script needs systemd"
if [ -z "$root" ]; then
	[ "$(id -u)" = 0 ] || fail "run it as root"
	command -v redis-server >/dev/null || fail "redis-server is missing; install Redis 6.2 or newer (Debian: apt-get install redis-server)"
fi

# put FILE TARGET MODE OWNER: the newest, always.
put() {
	mkdir -p "$root$(dirname "$2")"
	if cmp -s "$1" "$root$2"; then return; fi
	cp "$1" "$root$2.new" && chmod "$3" "$root$2.new" && own "$4" "$root$2.new" && mv "$root$2.new" "$root$2"
	say "wrote $2"
}

# once FILE TARGET MODE OWNER: only where there is none, since you may have changed it.
once() {
	if [ -e "$root$2" ]; then
		say "kept  $2"
		return
	fi
	put "$@"
}

# own USER:GROUP PATH by the numbers of the tree's own users. Who is not root
# cannot give files away, and installs for a look only.
own() {
	[ "$(id -u)" = 0 ] || return 0
	chown "$(number passwd "${1%%:*}"):$(number group "${1##*:}")" "$2"
}
number() { awk -F: -v name="$2" '$1 == name { print $3 }' "$root/etc/$1"; }

# folder PATH MODE OWNER
folder() {
	[ -d "$root$1" ] || say "made  $1"
	mkdir -p "$root$1" && chmod "$2" "$root$1" && own "$3" "$root$1"
}

echo "followup:"
mkdir -p "$root/etc"
put "$here/systemd/followup.sysusers" /usr/lib/sysusers.d/followup.conf 644 root:root 2>/dev/null || fail "cannot write to $root/usr"
systemd-sysusers ${root:+--root="$root"} "$here/systemd/followup.sysusers" 2>/dev/null || fail "cannot make the user followup"

folder /etc/followup 750 root:followup
folder /var/lib/followup 700 followup:followup
folder /var/lib/followup/spool 700 followup:followup
folder /var/lib/followup/redis 700 followup:followup
folder /var/backups/followup 700 followup:followup

put "$binary" /usr/local/bin/followup 755 root:root
put "$here/backup.sh" /usr/local/sbin/followup-backup 755 root:root
put "$here/restore.sh" /usr/local/sbin/followup-restore 755 root:root
put "$here/desk.sh" /usr/local/sbin/followup-desk 755 root:root

if [ -e "$root/etc/followup/keyset" ]; then
	say "kept  /etc/followup/keyset"
else
	(umask 077 && "$binary" keys new >"$root/etc/followup/keyset.new")
	chmod 640 "$root/etc/followup/keyset.new"
	own root:followup "$root/etc/followup/keyset.new"
	mv "$root/etc/followup/keyset.new" "$root/etc/followup/keyset"
	say "made  /etc/followup/keyset: copy it to a safe place elsewhere, now. Without it nothing can be read again."
fi

# The settings begin as the manual has them, with the places of this machine.
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
sed -e 's|^FOLLOWUP_REDIS_URL=.*|FOLLOWUP_REDIS_URL=redis-socket:///run/followup-redis/redis.sock|' \
	-e 's|^#FOLLOWUP_SPOOL=.*|FOLLOWUP_SPOOL=/var/lib/followup/spool|' \
	-e 's|^#FOLLOWUP_TRUSTED_PROXIES=.*|FOLLOWUP_TRUSTED_PROXIES=127.0.0.1|' \
	"$here/env.example" >"$settings"
once "$settings" /etc/followup/env 640 root:followup
once "$here/clinic.yaml" /etc/followup/clinic.yaml 644 root:root
once "$here/redis.conf" /etc/followup/redis.conf 644 root:root
once "$here/Caddyfile" /etc/followup/Caddyfile 644 root:root

for unit in followup-redis.service followup-serve.service followup-work.service followup-backup.service followup-backup.timer; do
	put "$here/systemd/$unit" "/etc/systemd/system/$unit" 644 root:root
done

if [ -z "$root" ]; then
	systemctl daemon-reload
	systemctl enable --quiet followup-redis followup-serve followup-work followup-backup.timer
	systemctl start followup-redis followup-backup.timer
	if systemctl is-active --quiet followup-serve; then
		systemctl restart followup-serve followup-work
		say "restarted followup-serve and followup-work"
	fi
fi

cat <<'NEXT'

Next:
  1. copy /etc/followup/keyset to a safe place that is not this machine
  2. write your clinic into /etc/followup/clinic.yaml, and the settings into /etc/followup/env
  3. put your host name into /etc/followup/Caddyfile and give it to Caddy (or let your own proxy forward to 127.0.0.1:8080)
  4. systemctl start followup-serve followup-work
  5. followup-desk doctor: it looks at everything and sends nothing
  6. followup-desk go-live: until then only staff get messages
NEXT
