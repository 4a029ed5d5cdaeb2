#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds every callback of the daemon's event loop to STEP_TIMED() (lib/metrics/step.h), so that none goes untold.

    steps.py SOURCE
"""
import pathlib
import re
import sys

# What gives libevent a function, and which of its arguments are such functions.
GIVES = [
    (r"event_new\(", [3]),
    (r"evtimer_new\(", [1]),
    (r"evsignal_new\(", [2]),
    (r"event_assign\(", [4]),
    (r"bufferevent_setcb\(", [1, 2, 3]),
    (r"evconnlistener_new_bind\(", [1]),
    (r"evconnlistener_set_error_cb\(", [1]),
]


def arguments(text, at):
    found, depth, begin = [], 0, at
    for i in range(at, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}" and depth > 0:
            depth -= 1
        elif text[i] == "," and depth == 0 or text[i] == ")":
            found.append(text[begin:i].strip())
            begin = i + 1
            if text[i] == ")":
                return found
    return found


def callbacks(text):
    for call, places in GIVES:
        for match in re.finditer(r"\b" + call, text):
            given = arguments(text, match.end())
            yield from (given[place] for place in places if given[place] != "NULL")


root = pathlib.Path(sys.argv[1])
sources = {path: path.read_text() for folder in ("lib", "app") for path in sorted((root / folder).rglob("*.c"))}
given = {path: set(callbacks(text)) for path, text in sources.items()}
names = set().union(*given.values())
assert len(names) > 20, f"only {len(names)} callbacks are found: this test looks for the wrong words"
bad = []
for name in sorted(names):
    bodies = [(path, match.group(1)) for path, text in sources.items() if name in text
              for match in re.finditer(r"^(?:static )?void " + name + r"\([^;{]*\)\n\{\n(.*)\n", text, re.M)]
    own = [path for path in sources if name in given[path]]
    # A static function is its file's: one name may be that of several.
    if any(path in own for path, _ in bodies):
        bodies = [(path, line) for path, line in bodies if path in own]
    if not bodies:
        bad.append(f"{name}(): its body is not found")
    bad += [f"{path.relative_to(root)}: {name}() does not begin with STEP_TIMED(...)" for path, line in bodies
            if not line.startswith("\tSTEP_TIMED(")]
print("\n".join(bad), end="\n" if bad else "")
sys.exit(1 if bad else 0)
