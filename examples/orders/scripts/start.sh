#!/bin/sh
set -e

mkdir -p /var/log/orders
if [ -n "$DATABASE_URL" ]; then
  /usr/local/bin/migrate
fi
/usr/local/bin/orders "$@"
