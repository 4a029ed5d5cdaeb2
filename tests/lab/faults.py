# SPDX-License-Identifier: BSD-3-Clause
"""What traffic.py told while a backend died under a fault.

    faults.py settled LOG DIED          0 when new connections are served, one after another, since the last that failed
    faults.py judge LOG DIED LIMIT CANARY
                                        checks that everything that broke may break: new connections until LIMIT seconds after the
                                        death alone, and the dead backend's own. Prints how long they failed, and how many. While
                                        the machine ran no worker (canary.py), no time passes
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../soak"))
import rules

VICTIM = "b2"
IN_A_ROW = 40  # of three backends one is dead: by chance it is missed so often once in ten million times


def read(path):
    """Lines that are whole."""
    with open(path) as log:
        return [json.loads(line) for line in log if line.startswith("{") and line.endswith("}\n")]


def main():
    what, path, died = sys.argv[1], sys.argv[2], float(sys.argv[3])
    words = read(path)
    broken = [word for word in words if word["what"] == "broken"]
    failed = [word["began"] for word in broken if word["kind"] == "short" and word["at"] >= died]
    last = max(failed, default=died)
    if what == "settled":
        served = [word for word in words if word["what"] == "served" and word["began"] > max(last, died)]
        sys.exit(len(served) < IN_A_ROW)
    starved = [dict(verb="starved", target="", detail="", acted=late["from"], seen=late["to"], ended=late["to"])
               for late in read(sys.argv[5])]
    seen = died + float(sys.argv[4])
    for row in starved:
        if died <= row["ended"] and row["acted"] <= seen:
            seen += row["ended"] - row["acted"]
    death = dict(verb="die", target=VICTIM, detail="server", acted=died, seen=seen, ended=None)
    wrong = [word for word in broken if rules.explain(word, [death] + starved)[0] is None]
    for word in wrong[:10]:
        print({**word, "after death": word["at"] - died}, file=sys.stderr)
    if not words or words[-1]["what"] != "ended" or words[-1]["left"]:
        sys.exit(f"the traffic did not end: {words[-1:]}")
    print(f"{last - died:.1f} s|{len(failed)}|{sum(word['kind'] == 'long' for word in broken)}")
    sys.exit(bool(wrong))


main()
