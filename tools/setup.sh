#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a virtual environment hold exactly what a lock file says.
#
#   tools/setup.sh VENV LOCK [project]
#
# Needs a Python >= 3.11 with pip >= 22.3 (choose one with PYTHON=...), but neither root nor
# ensurepip. Every file is checked against the lock's hashes, and only wheels are taken: nothing is
# built that nobody has looked at. With `project`, this checkout is added as an editable install,
# built by the backend that stands in the lock. It writes no stamp: the Makefile does.
set -eu

venv=$1
lock=$2
project=${3:-}
python=${PYTHON:-python3}

fail() {
    echo "setup: $*" >&2
    exit 2
}

command -v "$python" >/dev/null || fail "no '$python' here; name one with PYTHON=..."
"$python" - <<'PY' || fail "'$python' is too old or has no pip; name a better one with PYTHON=..."
import sys

if sys.version_info < (3, 11):
    sys.exit(f"found Python {sys.version.split()[0]}, need 3.11 or newer")
try:
    from pip import __version__ as pip
except ImportError:
    sys.exit("found no pip for this Python (Debian: package python3-pip)")
if tuple(int(part) for part in pip.split(".")[:2]) < (22, 3):
    sys.exit(f"found pip {pip}, need 22.3 or newer")
PY

# A link to a Python that is gone counts as no environment.
if ! [ -x "$venv/bin/python" ]; then
    "$python" -m venv --clear --without-pip "$venv"
fi

pip() {
    "$python" -m pip --python "$venv" --disable-pip-version-check --no-input "$@"
}

echo "setup: $lock -> $venv"
pip install --quiet --require-hashes --only-binary :all: --requirement "$lock"
if [ "$project" = project ]; then
    pip install --quiet --no-deps --no-build-isolation --editable .
fi
pip check || fail "$venv holds other packages too, and they do not fit: remove it and try again"
