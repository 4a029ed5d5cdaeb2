#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The soak's own judgement, which no daemon is needed for: the plan is the seed's alone and leaves enough backends; each rule
explains what it is for and nothing beside it; what grows is found."""
import itertools
import os
import tempfile
import unittest

import bounds
import plan
import rules
from balancer import Balancer
from faults import Faults
from plan import LEAST_USABLE, Plan

FAULTS = sorted(plan.FAULTS)


def first(plan, count):
    return list(itertools.islice(plan.steps(), count))


def broken(kind="long", how="ECONNRESET", backend="b1", began=100, at=200, last=199):
    return dict(kind=kind, how=how, backend=backend, began=began, at=at, last=last, number=1, port=4711)


def step(verb, target="", detail="", acted=150, seen=153, ended=None, **more):
    return dict(verb=verb, target=target, detail=detail, acted=acted, seen=seen, ended=ended, **more)


TWICE = "its pool changed twice before the successor of a killed daemon heard of it"
FAILED = "its backend failed after the last checkpoint of a daemon that was killed"

# What broke, the step, and the rule that explains it: None where none may.
JUDGED = [
    # Nothing happened, or something that breaks nothing.
    (broken(), step("apply"), None),
    (broken(), step("drain", "b1"), None),
    (broken(), step("restart"), None),
    (broken(how="stalled"), step("restart"), None),
    (broken(), step("agent", "b1"), None),
    (broken(), step("die", "b1", "cut"), None),
    (broken(how="stalled"), step("die", "b1", "cut"), None),
    (broken(), step("die", "b1", "freeze"), None),
    # Another backend's misfortune.
    (broken(backend="b2"), step("die", "b1", "server"), None),
    (broken(backend="b2"), step("disable", "b1"), None),
    (broken(backend="b2"), step("drain-reset", "b1"), None),
    # It began after that was over, or broke before.
    (broken(began=154), step("die", "b1", "server"), None),
    (broken(at=149), step("die", "b1", "server"), None),
    (broken(began=154), step("disable", "b1"), None),
    # What came back was not what was sent: never right.
    (broken(how="wrong"), step("die", "b1", "server"), None),
    (broken(how="wrong"), step("kill"), None),
    # A killed daemon takes the last seconds alone.
    (broken(began=100), step("kill"), None),
    (broken(began=154), step("kill"), None),
    (broken("udp", "unanswered", "", began=154, at=157), step("kill"), None),
    # New ones, when the dead one is known, or before it was dead.
    (broken("short", "ECONNREFUSED", "", began=154, at=155), step("die", "b1", "server"), None),
    (broken("short", "ECONNREFUSED", "", began=140, at=141), step("die", "b1", "server"), None),
    (broken("udp", "unanswered", "", began=154, at=157), step("die", "b1", "cut"), None),
    (broken("long", "stalled", "", began=154, at=274), step("die", "b1", "cut"), None),
    (broken("udp", "unanswered", "", began=154, at=157), step("restart"), None),
    (broken("short", "ECONNREFUSED", "", began=151, at=152), step("restart"), None),
    # A machine that stands still breaks no connection, and no datagram of another time.
    (broken(how="stalled"), step("starved", ended=153), None),
    (broken("short", "stalled", "", began=151), step("starved", ended=153), None),
    (broken("udp", "unanswered", "", began=156, at=159), step("starved", ended=153), None),
    (broken("udp", "unanswered", "", began=146, at=149), step("starved", ended=153), None),
    # And what may break.
    (broken("udp", "unanswered", "", began=151, at=154), step("starved", ended=153), "the machine had no core for the worker"),
    (broken("short", "ECONNRESET", "", began=149, at=151), step("down", "b1"), "its backend went down while it began"),
    (broken("short", "ECONNRESET", "", began=152, at=153), step("down", "b1"), None),
    (broken("short", "ECONNRESET", "", began=145, at=149), step("down", "b1"), None),
    (broken("short", "stalled", "", began=149, at=151), step("down", "b1"), None),
    (broken(began=149, at=151), step("down", "b1"), None),
    (broken(), step("die", "b1", "server"), "its server was killed"),
    (broken(how="closed"), step("die", "b1", "server"), "its server was killed"),
    (broken(), step("disable", "b1"), "its backend was disabled"),
    (broken(), step("drain-reset", "b1"), "its backend's drain had a deadline"),
    (broken("short", "stalled", "", began=151), step("die", "b1", "cut"), "a dead backend was not found yet"),
    (broken("udp", "unanswered", "", began=151, at=154), step("die", "b1", "cut"), "a dead backend was not found yet"),
    (broken("udp", "unanswered", "", began=151, at=154), step("die", "b1", "freeze", seen=None),
     "a dead backend was not found yet"),
    (broken("long", "stalled", "", began=151, at=271), step("die", "b1", "cut"), "a dead backend was not found yet"),
    (broken("short", "EHOSTUNREACH", "", began=151, at=152), step("restart"), "no daemon was there"),
    (broken("udp", "unanswered", "", began=151, at=154), step("kill"), "no daemon was there"),
    (broken(began=149.9, at=155), step("kill"), "it began after the last checkpoint of a daemon that was killed"),
]


class TestPlan(unittest.TestCase):
    def test_same_seed_same_steps(self):
        self.assertEqual(first(Plan(7, FAULTS), 500), first(Plan(7, FAULTS), 500))

    def test_another_seed_other_steps(self):
        self.assertNotEqual(first(Plan(7), 20), first(Plan(8), 20))

    def test_every_kind_of_step_comes_and_enough_is_left(self):
        seen = set()
        for seed in range(20):
            drawn = Plan(seed, FAULTS)
            for number, made in enumerate(itertools.islice(drawn.steps(), 300), 1):
                self.assertEqual(made.number, number)
                self.assertGreaterEqual(len(drawn.usable()), LEAST_USABLE, made)
                self.assertLessEqual(len(drawn.dead), 1, made)
                seen.add(made.verb)
        self.assertEqual(seen, {choice[1] for choice in Plan(1).choices()})

    def test_each_fault_comes_and_ends_and_no_step_comes_that_it_excludes(self):
        begun, ended, lasting = set(), set(), ""
        for made in itertools.islice(Plan(3, FAULTS).steps(), 5000):
            self.assertNotIn(made.verb, plan.FAULTS.get(lasting, set()), lasting)
            if made.verb == "fault":
                begun.add(made.detail)
                lasting = "" if made.detail in plan.SHORT_FAULTS else made.detail
            elif made.verb == "fault-end":
                self.assertEqual(made.detail, lasting)
                ended.add(made.detail)
                lasting = ""
        self.assertEqual(begun, set(FAULTS))
        self.assertEqual(ended, set(FAULTS) - plan.SHORT_FAULTS)

    def test_each_fault_can_be_made(self):
        for name in FAULTS:
            self.assertTrue(hasattr(Faults, f"begin_{name}"))
            self.assertEqual(hasattr(Faults, f"end_{name}"), name not in plan.SHORT_FAULTS)


class TestRules(unittest.TestCase):
    def test_each_case(self):
        for what, event, rule in JUDGED:
            with self.subTest(what=what, event=event):
                self.assertEqual(rules.explain(what, [event])[0], rule)

    def test_changes_and_failures_around_a_kill(self):
        kill = step("kill", acted=150, seen=152)
        early, before = step("weight", acted=146, seen=146.1), step("weight", acted=149, seen=149.1)
        after, later = step("enable", "b3", acted=153, seen=153.1), step("apply", acted=153.5, seen=153.6)
        too_late = step("apply", acted=155, seen=155)
        death, other = step("down", "b1", acted=149, seen=149), step("down", "b2", acted=149, seen=149)
        long_ago = step("down", "b1", acted=147, seen=147)
        for history, last, rule in (([before, step("look")], 149.5, None), ([early, before], 149.5, None),
                                    ([other], 149.5, None), ([long_ago], 149.5, None), ([death], 152.5, None),
                                    ([after, too_late], 149.5, None), ([after, later], 152.5, None),
                                    ([before, after], 149.5, TWICE), ([after, later], 149.5, TWICE),
                                    ([before, other], 149.5, TWICE),
                                    ([death], 148.9, FAILED), ([before, death, other], 149.5, FAILED)):
            with self.subTest(history=history):
                self.assertEqual(rules.explain(broken(at=154, last=last), history + [kill])[0], rule)

    def test_a_disk_that_takes_nothing_has_no_checkpoint(self):
        began_after = "it began after the last checkpoint of a daemon that was killed"
        kill = step("kill", acted=150, seen=152)
        for fault, began, rule in ((step("fault", "", "disk_full", acted=120, seen=120, ended=149), 125, began_after),
                                   (step("fault", "", "disk_hung", acted=120, seen=120, ended=149), 117, None),
                                   (step("fault", "", "saver", acted=120, seen=120, ended=140), 125, None),
                                   (step("fault", "", "tool", acted=120, seen=120, ended=None), 125, None)):
            with self.subTest(fault=fault, began=began):
                self.assertEqual(rules.explain(broken(at=154, last=149, began=began), [fault, kill])[0], rule)

    def test_every_rule_is_reached(self):
        self.assertEqual({rule for *_, rule in JUDGED} - {None} | {FAILED, TWICE}, set(rules.RULES))

    def test_the_page_has_every_rule(self):
        with open(os.path.join(os.path.dirname(__file__), "../../docs/reliability.md")) as page:
            text = page.read()
        for name in rules.RULES:
            self.assertIn(f"| {name} |", text)


class TestClock(unittest.TestCase):
    def test_what_the_log_says_while_the_clock_is_set(self):
        with tempfile.TemporaryDirectory() as folder:
            balancer = Balancer("", folder, 1)
            line = "2026-01-02T03:0{}:00.000Z info: health: backend soak/b{} is down: no answer\n"
            with open(balancer.log, "a") as log:
                for number, ahead in enumerate((0, 3600, 0)):
                    balancer.clock_is(ahead)
                    log.write(line.format(number, number))
                    log.flush()
            times = [(at, name) for at, name, _ in balancer.health_changes()]
        first = times[0][0]
        self.assertEqual(times, [(first, "b0"), (first + 60 - 3600, "b1"), (first + 120, "b2")])


class TestBounds(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.balancer = Balancer("", self.folder.name, 1)
        self.addCleanup(self.folder.cleanup)

    def judge(self, key=None, value=0, lines=0):
        samples = [dict(at=at, pid=1, rss_kib=30000, threads=5, descriptors=40) for at in range(60)]
        samples += [dict(at=at, pid=2, rss_kib=30000, threads=5, descriptors=40) for at in range(60, 120)]
        if key:
            samples[-1][key] += value
        with open(self.balancer.log, "w") as log:
            log.write("line\n" * lines)
        return bounds.judge(samples, self.balancer, [{}] * 10, 60)["failures"]

    def test_empty_lines_do_not_count(self):
        self.judge(lines=100)
        with open(self.balancer.log, "a") as log:
            log.write("\n" * 65536)
        self.assertEqual(len(self.balancer.log_lines(0)), 100)

    def test_what_does_not_grow(self):
        self.assertEqual(self.judge(lines=100), [])

    def test_what_grows(self):
        for key in ("rss_kib", "descriptors", "threads"):
            self.assertIn(key, self.judge(key, 100000)[0])
        self.assertIn("lines", self.judge(lines=100000)[0])


unittest.main()
