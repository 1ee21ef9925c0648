#!/usr/bin/env bash
# The main job once, through an installed swimdesk: scripts/smoke.sh [PATH-TO-swimdesk]
# Needs the interpreter that it was installed for beside it; leaves nothing behind.
set -euo pipefail

swimdesk=$(realpath --no-symlinks "${1:-.venv/bin/swimdesk}")
python=$(dirname "$swimdesk")/python
accounts=8
work=$(mktemp -d)
# Away from any checkout, so that only the installed package can be imported.
cd "$work"
export SWIMDESK_HOME="$work/home"

exec 3< <(exec "$swimdesk" sim --accounts $accounts --logins 2 --profile uniform --client-home "$SWIMDESK_HOME")
sim=$!
trap 'kill $sim 2>/dev/null || true; wait $sim 2>/dev/null || true; rm -rf "$work"' EXIT
read -r -t 30 _ <&3 || { echo "smoke: the simulated brokerage does not start" >&2; exit 1; }

expiry=$("$swimdesk" chain '$SPX' --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["expiries"][5])')
order=$("$swimdesk" chain '$SPX' --expiry "$expiry" --strikes 160 --json | "$python" -c '
import json, sys
from swimdesk.cli.condor import condor_text
from swimdesk.views.codec import from_json
from swimdesk.views.models import ChainView

print(condor_text(from_json(ChainView, json.load(sys.stdin))))
')
echo "smoke: $order"

"$swimdesk" preview "$order" --all --json > plan.json
"$swimdesk" send "$order" --all --yes --json > broadcast.json
"$python" - $accounts <<'PYTHON'
import json
import sys
from pathlib import Path

accounts = int(sys.argv[1])
plan = json.loads(Path("plan.json").read_text())
sent = json.loads(Path("broadcast.json").read_text())
assert plan["counts"]["send"] == accounts, plan["counts"]
wanted = {"accounts": accounts, "accepted": accounts, "filled": accounts}
assert {name: n for name, n in sent["counts"].items() if n} == wanted, sent["counts"]
assert sent["state"] == "settled", sent["state"]
assert len({line["order_id"] for line in sent["lines"]}) == accounts, sent["lines"]
print("smoke:", sent["broadcast"], "filled in", accounts, "accounts; ms:", sent["timing_ms"])
PYTHON
