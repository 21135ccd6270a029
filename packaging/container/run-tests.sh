#!/bin/sh
# Run logmond's tests inside the container; arguments are pytest's.
set -eu
cd /usr/src/logmond
# The tree belongs to root; what the tests keep goes elsewhere.
export HYPOTHESIS_STORAGE_DIRECTORY="${TMPDIR:-/tmp}/hypothesis"
exec /opt/logmond/bin/python -m pytest "$@"
