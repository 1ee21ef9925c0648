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

# The document goes to COMMAND.json; a command that fails shows it.
ask() {
    "$swimdesk" "$@" --json > "$1.json" || { code=$?; cat "$1.json" >&2; exit $code; }
}

ask chain '$SPX'
expiry=$("$python" -c 'import json; print(json.load(open("chain.json"))["expiries"][5])')
ask chain '$SPX' --expiry "$expiry" --strikes 160
order=$("$python" -c '
import json
from dataclasses import replace
from decimal import Decimal
from swimdesk.cli.condor import condor_text
from swimdesk.domain.orderlang import parse, print_ticket
from swimdesk.views.codec import from_json
from swimdesk.views.models import ChainView

ticket = parse(condor_text(from_json(ChainView, json.load(open("chain.json")))))
# A little less than the market gives, so that it still gives it in a few seconds; well inside the collar.
print(print_ticket(replace(ticket, price=ticket.price - Decimal("0.20"))))
')
echo "smoke: $order"

ask preview "$order" --all
ask send "$order" --all --yes
"$python" - $accounts <<'PYTHON'
import json
import sys
from pathlib import Path

accounts = int(sys.argv[1])
plan = json.loads(Path("preview.json").read_text())
sent = json.loads(Path("send.json").read_text())
assert plan["counts"]["send"] == accounts, plan["counts"]
wanted = {"accounts": accounts, "accepted": accounts, "filled": accounts}
assert {name: n for name, n in sent["counts"].items() if n} == wanted, sent["counts"]
assert sent["state"] == "settled", sent["state"]
assert len({line["order_id"] for line in sent["lines"]}) == accounts, sent["lines"]
print("smoke:", sent["broadcast"], "filled in", accounts, "accounts; ms:", sent["timing_ms"])
PYTHON
