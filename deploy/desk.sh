#!/bin/sh
# Runs one command of followup as the service's user with the service's settings,
# in the name of whoever types it. A file of theirs it need not be able to read:
# a list comes by standard input.
#
#   sudo followup-desk inbox
#   sudo followup-desk remind --list - --at 'tomorrow 9am' --dry-run <tomorrow.csv
set -eu
exec systemd-run --quiet --collect --pipe --pty --uid=followup --property=EnvironmentFile=/etc/followup/env \
	/usr/local/bin/followup --by "${SUDO_USER:-$(id -un)}" "$@"
