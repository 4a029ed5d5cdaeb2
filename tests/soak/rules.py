# SPDX-License-Identifier: BSD-3-Clause
"""Which connections may break, and by what. docs/reliability.md has these rules in words; what no rule explains is a failure.

A break: kind (long, short, udp), how, backend ('' where its server did not speak yet), began, last (its last answer), at.
A step of the history: verb, target, detail and these times:
  acted   before its effect can begin
  seen    when the daemon was seen to go by it: a dead backend is shown down, a new daemon forwards
  ended   when it was taken back: the dead one serves again; None while it goes on
"""
import math

REFUSED = {"ECONNREFUSED", "ECONNRESET", "closed", "EPIPE"}
UNREACHABLE = {"EHOSTUNREACH", "ENETUNREACH"}

# connections.md: a checkpoint comes every second while a table before is in force, and that takes a
# moment more.
CHECKPOINT_S = 1
MOMENT_S = 1
CHANGES_TABLES = {"apply", "weight", "drain", "drain-reset", "enable", "disable", "down", "up"}
# Faults under which the state folder takes nothing.
TAKES_NOTHING = {"disk_full", "read_only", "disk_hung", "saver", "descriptors"}


def cut_at_once(broken, step, history):
    """Its connections are broken at once: those that it had then."""
    return (broken["kind"] != "udp" and broken["how"] in REFUSED and broken["began"] <= (step["seen"] or math.inf) and
            broken["at"] >= step["acted"] and broken["backend"] in ("", step["target"]))


def server_died(broken, step, history):
    return step["verb"] == "die" and step["detail"] == "server" and cut_at_once(broken, step, history)


def disabled(broken, step, history):
    return step["verb"] == "disable" and cut_at_once(broken, step, history)


def drain_deadline(broken, step, history):
    return step["verb"] == "drain-reset" and cut_at_once(broken, step, history)


def not_found_yet(broken, step, history):
    """What begins while a backend is dead, and is not found dead yet, may be sent to it."""
    return (step["verb"] == "die" and not broken["backend"] and
            step["acted"] <= broken["at"] and broken["began"] <= (step["seen"] or math.inf))


def began_with_a_lost_one(broken, step, history):
    """A SYN that comes again goes to another backend where the first one went down meanwhile. If that answers all the same, as one
    does that a busy machine lost, its client talks to the one and the other resets it."""
    return (step["verb"] == "down" and broken["kind"] != "udp" and not broken["backend"] and broken["how"] in REFUSED and
            broken["began"] <= step["acted"] + MOMENT_S and step["acted"] <= broken["at"])


def no_daemon(broken, step, history):
    """While no daemon runs, routers answer new connections that the host is unreachable, and datagrams are lost."""
    if step["verb"] not in ("restart", "kill") or not step["acted"] <= broken["at"] or \
            broken["began"] > (step["seen"] or math.inf):
        return False
    return broken["kind"] == "udp" or broken["how"] in UNREACHABLE and not broken["backend"]


def broken_by_kill(broken, step):
    return (step["verb"] == "kill" and broken["kind"] != "udp" and broken["how"] in REFUSED | {"stalled"} and
            broken["began"] <= (step["seen"] or math.inf) and broken["at"] >= step["acted"])


def last_checkpoint(step, history):
    """When a killed daemon's last checkpoint began, at the earliest: the machine was late by so much, or the disk took nothing."""
    seconds = CHECKPOINT_S + MOMENT_S + 4 * step.get("late_s", 0)
    lost = [row["acted"] for row in history if row["verb"] == "fault" and row["detail"] in TAKES_NOTHING and
            row["acted"] <= step["acted"] and (row["ended"] or math.inf) >= step["acted"] - seconds]
    return min([step["acted"], *lost]) - seconds


def after_the_checkpoint(broken, step, history):
    """A killed daemon's last connections, where the pool changed before."""
    return broken_by_kill(broken, step) and broken["began"] >= last_checkpoint(step, history)


def failed_after_the_checkpoint(broken, step, history):
    """No hash table leads to a backend that is down; so its connections, which wait for it, are lost where no checkpoint
    has them yet. 'down' is the daemon's own word, of backends that died and of those that a busy machine lost."""
    return (broken_by_kill(broken, step) and broken["last"] <= (step["seen"] or math.inf) and
            any(row["verb"] == "down" and row["target"] == broken["backend"] and
                last_checkpoint(step, history) <= row["seen"] and row["acted"] <= broken["at"] for row in history))


def silent_over_changes(broken, step, history):
    """What its successor has not heard of, it knows by the hash alone: by the table that the dead daemon had, which is the one
    before after a change, and is forgotten with the next."""
    changes = [row for row in history if row["verb"] in CHANGES_TABLES and row["acted"] <= broken["at"] and
               (row["seen"] or math.inf) >= last_checkpoint(step, history)]
    return broken_by_kill(broken, step) and broken["last"] <= (step["seen"] or math.inf) and len(changes) >= 2


def no_core(broken, step, history):
    """A machine that runs no worker forwards no datagram meanwhile, and says so of itself (canary.py)."""
    return (step["verb"] == "starved" and broken["kind"] == "udp" and
            step["acted"] <= broken["at"] and broken["began"] <= step["ended"] + MOMENT_S)


RULES = {
    "its server was killed": server_died,
    "its backend was disabled": disabled,
    "its backend's drain had a deadline": drain_deadline,
    "a dead backend was not found yet": not_found_yet,
    "its backend went down while it began": began_with_a_lost_one,
    "no daemon was there": no_daemon,
    "it began after the last checkpoint of a daemon that was killed": after_the_checkpoint,
    "the machine had no core for the worker": no_core,
    "its backend failed after the last checkpoint of a daemon that was killed": failed_after_the_checkpoint,
    "its pool changed twice before the successor of a killed daemon heard of it": silent_over_changes,
}


def explain(broken, history):
    """The first rule that explains it and the step that it goes by; (None, None) where none does."""
    if broken["how"] != "wrong":  # bytes that nobody sent are never right
        for step in history:
            for name, holds in RULES.items():
                if holds(broken, step, history):
                    return name, step
    return None, None
