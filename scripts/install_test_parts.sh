#!/bin/sh
# Programs that the slow tests use and that pip cannot bring. As root on Debian they are installed; elsewhere the line to run is printed.
set -eu
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need git git
need ip iproute2
need /usr/sbin/mariadbd mariadb-server
need chromium chromium
need gcc gcc
need faketime faketime
need gpg gnupg
need gpgv gpgv
need /usr/sbin/sshd openssh-server
need systemd-nspawn systemd-container
need debootstrap debootstrap
need redis-server redis-server
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need initdb postgresql
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing for the tests:$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
	echo "These tests are skipped until you run: sudo apt-get install$missing" >&2
fi
