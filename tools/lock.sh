#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes requirements/*.lock from pyproject.toml: pinned, hashed, for every platform, naming no host.
#
#   tools/lock.sh UV [--upgrade | --upgrade-package NAME]
#
# Pins that still fit are kept. dev.lock is core.lock and more, with the same pins, so that
# `make demo` and `make test` can share one environment. It installs nothing.
set -eu

uv=$1
shift

compile() {
    name=$1
    shift
    new=requirements/.$name.new
    # Starting from the old lock keeps its pins.
    cp "requirements/$name.lock" "$new" 2>/dev/null || : >"$new"
    "$uv" pip compile --quiet --no-config --universal --generate-hashes --python-version 3.11 \
        --custom-compile-command "make lock" --output-file "$new" "$@"
    if grep -n -i -E 'https?:|--(extra-)?index-url|--find-links|file:' "$new"; then
        echo "lock: the lines above of $name.lock name an index or a host" >&2
        rm -f "$new"
        exit 1
    fi
    {
        echo "# SPDX-License-Identifier: Apache-2.0"
        grep -v -x '# SPDX-License-Identifier: Apache-2.0' "$new"
    } >"requirements/$name.lock"
    rm -f "$new"
}

compile core "$@" pyproject.toml --group build
# Tests run with every extra that is built; the heavy ones get a lock of their own when they are.
compile dev "$@" pyproject.toml --extra drift --extra lab --extra notify --extra oidc \
    --extra passkeys --group build --group dev --constraints requirements/core.lock
if [ -n "${UV_FIND_LINKS:-}" ]; then
    compile heavy "$@" --group heavy --constraints requirements/dev.lock
else
    echo "lock: heavy.lock stays as it is: UV_FIND_LINKS does not say where PyTorch's CPU wheels lie" >&2
fi
compile tools "$@" --group tools
