#!/usr/bin/env bash
# Make .venv anew from the hashed locks: uv where it can be had, pip otherwise. Nothing unhashed is fetched.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "swimdesk needs Python 3.11 or newer, and '$python' is older or missing; run: make PYTHON=/path/to/python3.11" >&2
    exit 1
}

"$python" -m venv --clear .venv
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
if "${pip[@]}" install --require-hashes -r requirements/uv.txt; then
    install=(.venv/bin/uv pip install --quiet --python .venv/bin/python)
else
    echo "uv is not to be had here; going on with pip, which takes longer" >&2
    install=("${pip[@]}" install)
fi
"${install[@]}" --require-hashes -r requirements/dev.txt
# hatchling and editables stand in the lock, so this step fetches nothing.
"${install[@]}" --no-deps --no-build-isolation --editable .
touch .venv/.locked
