#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds systemd's units to what docs/guides/security.md says of them: the exposure, and each row that counts, with its reason.

    units.py SOURCE    ends with 77 where systemd-analyze is not there

Another systemd than that of the document judges by other rows: there the exposure may be a little above.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

UNITS = {"fulcrumd.service": "app", "fulcrum-backend.service": "tools/fulcrum-backend"}
SLACK = 0.4
root = pathlib.Path(sys.argv[1])
if not shutil.which("systemd-analyze"):
    print("skipped: systemd-analyze is not installed")
    sys.exit(77)


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False).stdout


page = (root / "docs/guides/security.md").read_text()
version = re.search(r"systemd (\d+)", analyze("--version")).group(1)
is_documented = f"systemd {version}" in page
bad = []
for name, folder in UNITS.items():
    unit = str(root / folder / name)
    told = re.search(rf"\| `{name}` \| (\d+\.\d) \|", page)
    found = re.search(r"level for \S+: (\d+\.\d)", analyze("security", "--offline=true", unit))
    if not told or not found:
        bad.append(f"{name}: no figure in the page, or none of systemd-analyze")
        continue
    told, found = float(told.group(1)), float(found.group(1))
    print(f"{name}: {found}, and the page says {told}")
    if found > told + (0 if is_documented else SLACK):
        bad.append(f"{name}: exposure {found} is above the {told} of docs/guides/security.md")
    if is_documented and found < told:
        bad.append(f"{name}: exposure is {found} now, and docs/guides/security.md says {told}")
    rows = json.loads(analyze("security", "--offline=true", "--json=short", unit))
    counting = {row["json_field"].rstrip(")") for row in rows if row["set"] is False and row["exposure"]}
    section = page.split(f"### What counts against `{name}`")[-1].split("\n## ")[0].split("\n### ")[0]
    named = set(re.findall(r"`(\w+)`", section))
    for row in sorted(counting - named if is_documented else ()):
        bad.append(f"{name}: docs/guides/security.md gives no reason for {row}")
print("\n".join(bad))
sys.exit(1 if bad else 0)
