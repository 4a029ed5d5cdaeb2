#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# prometheus.sh ROOT: the files for Prometheus are accepted by it, every alert has a case in which
# it comes, and no expression names a metric that the daemon does not have.
set -euo pipefail
cd "$1"
command -v promtool >/dev/null || {
	echo "skipped: there is no promtool"
	exit 77
}

promtool check config config/prometheus.yml
promtool test rules config/alerts-test.yml

/usr/bin/python3 - <<'PY'
import re, sys, yaml

alerts = yaml.safe_load(open("config/alerts.yml"))["groups"][0]["rules"]
tests = yaml.safe_load(open("config/alerts-test.yml"))["tests"]
page = open("docs/reference/metrics.md").read() + open("docs/reference/fulcrum-backend.md").read()
guide = open("docs/guides/monitoring.md").read()
come = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")}
faults = []
for rule in alerts:
    name = rule["alert"]
    if name not in come:
        faults.append(f"{name}: no test in which it comes")
    if name not in guide:
        faults.append(f"{name}: docs/guides/monitoring.md does not explain it")
    for metric in re.findall(r"\bfulcrum_\w+", rule["expr"]):
        if f"`{metric.removesuffix('_bucket')}`" not in page:
            faults.append(f"{name}: the daemon has no {metric}")
print("\n".join(faults))
sys.exit(bool(faults))
PY
