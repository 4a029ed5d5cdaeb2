# SPDX-License-Identifier: BSD-3-Clause
"""canary.py CORE: sleeps and wakes on that core, and tells by a line of JSON when it woke late by half a second or more: then the
machine ran nobody there who waited for it."""
import json
import os
import sys
import time

STEP_S = 0.1
LATE_S = 0.5

os.sched_setaffinity(0, {int(sys.argv[1])})
while True:
    due = time.monotonic() + STEP_S
    time.sleep(STEP_S)
    now = time.monotonic()
    if now - due >= LATE_S:
        print(json.dumps({"from": due, "to": now}), flush=True)
