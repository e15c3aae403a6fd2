#!/bin/sh
# Starts the service and all it needs on this machine.
set -eu
cd "$(dirname "$0")/.."
exec docker compose up --build "$@"
