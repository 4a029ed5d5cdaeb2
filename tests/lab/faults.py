# SPDX-License-Identifier: BSD-3-Clause
"""What traffic.py told while a backend died under a fault.

    faults.py settled LOG DIED          0 when new connections are served, one after another, since the last that failed
    faults.py judge LOG DIED LIMIT      checks that everything that broke may break: new connections until LIMIT seconds after the
                                        death alone, and the dead backend's own. Prints how long they failed, and how many
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../soak"))
import rules

VICTIM = "b2"
IN_A_ROW = 40  # of three backends one is dead: by chance it is missed so often once in ten million times


def main():
    what, path, died = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with open(path) as log:
        words = [json.loads(line) for line in log if line.startswith("{") and line.endswith("}\n")]
    broken = [word for word in words if word["what"] == "broken"]
    failed = [word["began"] for word in broken if word["kind"] == "short" and word["at"] >= died]
    last = max(failed, default=died)
    if what == "settled":
        served = [word for word in words if word["what"] == "served" and word["began"] > max(last, died)]
        sys.exit(len(served) < IN_A_ROW)
    death = dict(verb="die", target=VICTIM, detail="server", acted=died, seen=died + float(sys.argv[4]), ended=None)
    wrong = [word for word in broken if rules.explain(word, [death])[0] is None]
    for word in wrong[:10]:
        print({**word, "after death": word["at"] - died}, file=sys.stderr)
    if not words or words[-1]["what"] != "ended" or words[-1]["left"]:
        sys.exit(f"the traffic did not end: {words[-1:]}")
    print(f"{last - died:.1f} s|{len(failed)}|{sum(word['kind'] == 'long' for word in broken)}")
    sys.exit(bool(wrong))


main()
