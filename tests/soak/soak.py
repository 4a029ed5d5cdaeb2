# SPDX-License-Identifier: BSD-3-Clause
"""Runs the plan against a balancer under traffic, and judges what broke. Started by 'run'."""
import argparse
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import bounds
import rules
from balancer import Balancer, Broken, in_ns, lab
from faults import Faults
from plan import BACKENDS, FAULTS, Plan

SERVICES = """services:
  - {{name: stream, vip: {vip}, protocol: tcp, port: 7000, pool: soak}}
  - {{name: datagrams, vip: {vip}, protocol: udp, port: 5353, pool: soak}}
pools:
  - name: soak
    health: {{type: tcp, port: 7000, interval: 1s, timeout: 1s, rise: 1, fall: 2, flap_limit: 0}}
    backends:
"""
CLIENT = "198.51.100.7"
STARVED_S = 0.5  # of a second
FOUND_S = 2 * 1 + 1  # health.md: fall x interval + timeout


class Soak:
    def __init__(self, args):
        self.args = args
        self.balancer = Balancer(args.build, args.folder, args.patience, args.fulcrumd)
        self.faults = Faults(self.balancer, args.disk, args.hang, args.clock, self.starve)
        self.plan = Plan(args.seed, self.faults.possible(args.faults))
        self.begun = time.monotonic()
        self.wall = time.time() - time.monotonic()
        self.history = []
        self.samples = []
        self.starved = []
        self.lateness = []  # when, and by how much the machine was late
        self.pending = []  # what broke, and is not judged yet
        self.explained = {}
        self.unexplained = []
        self.failures = []
        self.counts = {}
        self.found_s = []
        self.client = None
        self.client_words = queue.Queue()
        self.balancer.stood_s = lambda since: sum(row["ended"] - max(row["acted"], since)
                                                  for row in list(self.starved) if row["ended"] > since)
        self.ended = threading.Event()

    def since(self, at):
        return at - self.begun

    def say(self, words):
        print(f"{self.since(time.monotonic()):7.1f} s  {words}", flush=True)

    # -- traffic --

    def traffic_start(self):
        self.client = in_ns("client", sys.executable, os.path.join(os.path.dirname(__file__), "traffic.py"), "ask", self.args.vip,
                            "--long", str(self.args.long), "--seed", str(self.args.seed),
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.traffic_listen, daemon=True).start()
        self.balancer.wait(f"{self.args.long} transfers are open", lambda: self.traffic_open() == self.args.long, 60)

    def traffic_listen(self):
        for line in self.client.stdout:
            self.client_words.put(json.loads(line))

    def traffic_open(self):
        self.traffic_take()
        return self.counts.get("open", 0)

    def traffic_take(self):
        while True:
            try:
                word = self.client_words.get_nowait()
            except queue.Empty:
                return
            if word["what"] == "broken":
                self.pending.append(word)
            elif word["what"] == "slow":
                self.tell_slow(word)
            else:
                self.counts = word

    def traffic_end(self):
        self.client.stdin.close()
        try:
            self.client.wait(600)
        except subprocess.TimeoutExpired:
            raise Broken("the client does not end")
        time.sleep(0.1)
        self.traffic_take()
        if self.counts.get("what") != "ended" or self.counts["left"]:
            raise Broken(f"the client ended with {self.counts}")

    # -- what broke --

    def judge(self):
        self.traffic_take()
        pending, self.pending = self.pending, []
        for broken in pending:
            name, step = rules.explain(broken, self.known())
            if name:
                self.explained[name] = self.explained.get(name, 0) + 1
                continue
            self.unexplained.append(broken)
            if len(self.unexplained) <= 10:
                self.tell_story(broken)

    def known(self):
        """All that rules may go by: the plan's events, what the machine did, and what the daemon said of its backends' health."""
        return self.history + self.starved + [
            {"number": 0, "verb": verb, "target": name, "detail": "", "words": f"the daemon has {name} {verb}",
             "acted": at - self.wall, "seen": at - self.wall, "ended": at - self.wall}
            for at, name, verb in self.balancer.health_changes()]

    def tell_story(self, broken):
        """The break, and the history around the time in which it must have happened."""
        self.say("UNEXPLAINED: " + self.words_of(broken))
        around = broken["last"] or broken["began"]
        for step in sorted(self.known(), key=lambda step: step["acted"]):
            if around - 30 <= (step["ended"] or step["seen"] or step["acted"]) and step["acted"] <= broken["at"]:
                print("          " + self.words_of_step(step), flush=True)
        print(f"          the log from {self.since(around) - 3:.1f} s on:", flush=True)
        near = [sample for sample in self.samples if sample["at"] <= around - 3]
        far = [sample for sample in self.samples if sample["at"] >= broken["at"]]
        lines = self.balancer.log_lines(near[-1]["log_bytes"] if near else 0, far[0]["log_bytes"] if far else None)
        for line in lines[:40]:
            print("            | " + line, flush=True)

    def tell_slow(self, slow):
        """A transfer that waits for long: who has it, while that can be asked."""
        self.say(f"slow: {slow['kind']} {slow['number']} of port {slow['port']} on {slow['backend']}: no answer since "
                 f"{self.since(slow['last'] or slow['began']):.2f} s")
        port, backend = slow["port"], slow["backend"] or BACKENDS[0]
        for command in (["ip", "netns", "exec", "client", "ss", "-tnoi", "sport", f"= :{port}"],
                        ["ip", "netns", "exec", backend, "ss", "-tnoi", "dport", f"= :{port}"],
                        [self.balancer.fulcrumctl, "explain", "tcp", f"{CLIENT}:{port}", f"{self.args.vip}:7000"],
                        [self.balancer.fulcrumctl, "show", "backends"]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            for line in (done.stdout + done.stderr).splitlines():
                print("            | " + line, flush=True)

    def words_of(self, broken):
        return (f"{broken['kind']} {broken['number']} of port {broken['port']} on {broken['backend'] or 'nobody yet'}: "
                f"{broken['how']} at {self.since(broken['at']):.2f} s; it began at {self.since(broken['began']):.2f} s" +
                (f", its last answer was at {self.since(broken['last']):.2f} s" if broken["last"] else ""))

    def words_of_step(self, step):
        times = ", ".join(f"{key} {self.since(step[key]):.2f} s" for key in ("acted", "seen", "ended") if step[key])
        return f"{step['words']} ({times})"

    # -- steps --

    def pool_file(self, pool, path):
        with open(path, "w") as file:
            file.write(SERVICES.format(vip=self.args.vip))
            for name, (_, weight) in pool.items():
                file.write(f"      - {{name: {name}, address: 10.0.1.{10 + int(name[1:])}, weight: {weight}}}\n")
        return path

    def change(self, *words):
        """Asks for a change. Where the machine runs no worker, the answer is that it is committed and waits for that worker; where
        the disk takes nothing, that it is in force and not kept."""
        try:
            self.balancer.ask(*words, statuses=(0, 6) if self.plan.fault in rules.TAKES_NOTHING else (0,))
        except Broken as broken:
            if "it does not run" not in str(broken):
                raise
            time.sleep(1)  # the next sample knows
            if not self.was_starved(15):
                raise

    def apply(self, pool):
        self.change("apply", "--force", "-f", self.pool_file(pool, f"{self.args.folder}/soak.yaml"))

    def step(self, step):
        row = {"number": step.number, "verb": step.verb, "target": step.target, "detail": step.detail, "words": str(step),
               "acted": time.monotonic(), "seen": None, "ended": None}
        self.history.append(row)
        getattr(self, "do_" + step.verb.replace("-", "_"))(step, row)
        row["seen"] = row["seen"] or (None if step.verb == "die" else time.monotonic())
        self.balancer.wait(f"the pool is {step.pool}", lambda: self.pool_is(step.pool), 10)
        self.say(self.words_of_step(row))

    def pool_is(self, pool):
        rows = self.balancer.backends()
        shown = {name: (row["state"], row["weight"]) for name, row in rows.items() if row["state"] != "leaving"}
        dead = [name for name, how in self.plan.dead.items() if how != "freeze"]
        return shown == pool and all(rows[name]["health"] == ("down" if name in dead else "up") for name in pool
                                     if pool[name][0] != "disabled")

    def do_apply(self, step, row):
        self.apply(step.pool)

    def do_apply_bad(self, step, row):
        path = f"{self.args.folder}/bad.yaml"
        with open(path, "w") as file:
            file.write(SERVICES.format(vip=self.args.vip) + "      - {name: b1, address: 10.0.1.311}\n")
        self.balancer.ask("apply", "-f", path, statuses=(2,))

    def do_weight(self, step, row):
        self.change("backend", "weight", step.target, step.detail)

    def do_drain(self, step, row):
        self.change("backend", "drain", step.target)

    def do_drain_reset(self, step, row):
        begin = os.path.getsize(self.balancer.log)
        self.change("backend", "drain", step.target, "--deadline", "2s", "--then", "reset")
        self.balancer.wait("the drain's deadline passes", lambda: any("the deadline has passed" in line
                           for line in self.balancer.log_lines(begin)), 10)

    def do_disable(self, step, row):
        self.change("backend", "disable", step.target)

    def do_enable(self, step, row):
        self.change("backend", step.detail, step.target)

    def do_die(self, step, row):
        if step.detail == "freeze":
            lab(f"soak_signal server-{step.target} STOP")
            return
        lab(f"ip -n router link set {step.target} down" if step.detail == "cut" else f"soak_kill server-{step.target}")
        self.found_s.append(self.balancer.wait(f"{step.target} is found dead, and gone from the table",
                                               lambda: self.balancer.is_removed(step.target), FOUND_S))
        row["seen"] = time.monotonic()

    def do_revive(self, step, row):
        how = {"cut": f"ip -n router link set {step.target} up", "server": f"soak_server {step.target}",
               "freeze": f"soak_signal server-{step.target} CONT"}[step.detail]
        lab(how)
        self.balancer.wait(f"{step.target} is up again", lambda: self.balancer.is_up(step.target), 10)
        self.end_of("die", step.target)

    def end_of(self, verb, target, detail=None):
        for row in self.history:
            if row["verb"] == verb and row["target"] == target and row["ended"] is None and detail in (None, row["detail"]):
                row["ended"] = time.monotonic()
                row["seen"] = row["seen"] or row["ended"]

    def do_restart(self, step, row):
        status = self.balancer.stop(signal.SIGTERM)
        if status:
            raise Broken(f"fulcrumd ended with status {status}")
        self.balancer.start()

    def do_kill(self, step, row):
        self.balancer.stop(signal.SIGKILL)
        if step.detail:
            self.balancer.spawn()
            time.sleep(float(step.detail.split()[-1]))
            self.balancer.stop(signal.SIGKILL)
        self.balancer.start()
        row["late_s"] = max([late_s for at, late_s in self.lateness if at >= row["acted"] - 15], default=0)

    def do_fault(self, step, row):
        self.faults.begin(step.detail)

    def do_fault_end(self, step, row):
        self.fault_end(step.detail)

    def fault_end(self, name):
        self.faults.end(name)
        self.end_of("fault", "", name)
        if name in rules.TAKES_NOTHING:
            self.balancer.wait("what is in force is kept", self.faults.kept, 20)

    def do_agent(self, step, row):
        lab(f"soak_kill agent-{step.target}; soak_agent {step.target}")

    def do_look(self, step, row):
        for what in ("services", "vips", "pools", "zones", "backends", "drops", "workers", "memory", "history", "ports", "config"):
            self.balancer.ask("show", what)
        self.balancer.ask("flows", "--limit", "1000")
        self.balancer.ask("plan", "-f", f"{self.args.folder}/soak.yaml")
        lab("in_ns lb curl -sf --max-time 60 http://127.0.0.1:9110/metrics >$LAB/page")
        # It says so while the machine runs no worker.
        self.balancer.wait("/healthz says ok", lambda: subprocess.run(
            ["ip", "netns", "exec", "lb", "curl", "-sf", "--max-time", "60", "http://127.0.0.1:9110/healthz"],
            capture_output=True).returncode == 0, 5)

    def do_route(self, step, row):
        lab("ip -n lb route add 192.0.2.0/24 via 10.0.0.1; ip -n lb route del 192.0.2.0/24")

    # -- the whole --

    def sampling(self):
        due = time.monotonic()
        while not self.ended.wait(max(0, due - time.monotonic())):
            now = time.monotonic()
            self.lateness.append((now, round(now - due, 3)))
            due = now + 1
            sample = self.balancer.sample()
            if not sample:
                continue
            before = self.samples[-1] if self.samples else sample
            if before["pid"] == sample["pid"] and sample["waited_s"] - before["waited_s"] >= STARVED_S:
                self.starve(before["at"], sample["at"])
            self.samples.append(sample)

    def starve(self, begun, ended):
        """The machine had no core for the worker: that is no event of the plan, and the rules know of it."""
        self.starved.append({"number": 0, "verb": "starved", "target": "", "detail": "", "words": "the machine runs no worker",
                             "acted": begun, "seen": ended, "ended": ended})

    def disk_canary(self):
        """How late the state folder's disk is, told by a file that nobody else writes: a checkpoint is as late."""
        path = f"{self.args.folder}/state/canary"
        while not self.ended.wait(0.5):
            begun = time.monotonic()
            try:
                with open(path + ".new", "w") as file:
                    file.write("x")
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(path + ".new", path)
            except OSError:
                continue  # a fault of the plan
            self.lateness.append((time.monotonic(), round(time.monotonic() - begun, 3)))

    def canary(self):
        """The same by one that sleeps on the worker's core, which a machine that stands as a whole cannot hide from."""
        core = "1" if os.cpu_count() > 1 else "0"
        process = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "canary.py"), core],
                                   stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            late = json.loads(line)
            self.starve(late["from"], late["to"])

    def was_starved(self, seconds):
        return any(row["ended"] >= time.monotonic() - seconds for row in self.starved)

    def run(self):
        self.balancer.listen()
        self.balancer.start()
        for thread in (self.sampling, self.canary, self.disk_canary):
            threading.Thread(target=thread, daemon=True).start()
        first = dict(self.plan.pool)
        self.apply(first)
        self.balancer.wait("the backends are up", lambda: self.pool_is(first), 20)
        self.traffic_start()
        self.say(f"{self.args.long} transfers are open; {self.args.seconds} s of events by seed {self.args.seed}")
        end = time.monotonic() + self.args.seconds
        for step in self.plan.steps():
            if time.monotonic() + step.pause_s >= end:
                break
            time.sleep(step.pause_s)
            self.step(step)
            self.judge()
            if not self.balancer.alive():
                raise Broken("fulcrumd died")
        self.recover()
        self.traffic_end()
        self.judge()

    def recover(self):
        """Whatever lasts ends, and whatever is dead comes back, so that every transfer can end."""
        if self.plan.fault:
            self.fault_end(self.plan.fault)
        for name, how in list(self.plan.dead.items()):
            lab({"cut": f"ip -n router link set {name} up", "server": f"soak_server {name}",
                 "freeze": f"soak_signal server-{name} CONT"}[how])
            self.end_of("die", name)

    def conclude(self):
        self.ended.set()
        os.makedirs(self.args.out, exist_ok=True)
        grown = bounds.judge(self.samples, self.balancer, self.history, self.args.seconds)
        self.failures += grown["failures"]
        well = not self.failures and not self.unexplained
        record = {"seed": self.args.seed, "seconds": round(time.monotonic() - self.begun, 1), "steps": len(self.history),
                  "traffic": {key: value for key, value in self.counts.items() if key not in ("what", "at")},
                  "explained": self.explained, "unexplained": self.unexplained, "failures": self.failures,
                  "found_s": [round(found, 2) for found in self.found_s], "resources": grown["figures"],
                  "starved": [(round(self.since(row["acted"]), 2), round(row["ended"] - row["acted"], 2)) for row in self.starved],
                  "history": self.history, "began": self.begun}
        with open(f"{self.args.out}/soak-{self.args.seed}.json", "w") as file:
            json.dump(record, file, indent=1)
        shutil.copy(self.balancer.log, f"{self.args.out}/soak-{self.args.seed}.log")
        for failure in self.failures:
            print(f"FAIL: {failure}", flush=True)
        counts = self.counts
        print(f"soak: {'well' if well else 'FAILED'}: seed {self.args.seed}, {record['seconds']:.0f} s, {len(self.history)} events; "
              f"{counts.get('long_opened', 0)} transfers, {counts.get('blocks', 0)} blocks, {counts.get('short', 0)} new "
              f"connections, {counts.get('udp', 0)} datagrams; {sum(self.explained.values())} broke as they may, "
              f"{len(self.unexplained)} unexplained; {grown['words']}", flush=True)
        return 0 if well else 1


def main():
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
    parser = argparse.ArgumentParser(prog="tests/soak/run")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--long", type=int, default=200)
    parser.add_argument("--out", default=f"{root}/build/soak")
    parser.add_argument("--faults", default="all")
    parser.add_argument("--fulcrumd", default="", help=argparse.SUPPRESS)
    parser.add_argument("--disk", default="", help=argparse.SUPPRESS)
    parser.add_argument("--hang", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--clock", default="", help=argparse.SUPPRESS)
    for given in ("--build", "--folder", "--vip"):
        parser.add_argument(given, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--patience", type=int, default=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    names = {"all": sorted(FAULTS), "none": []}
    args.faults = names.get(args.faults, args.faults.split(","))
    if set(args.faults) - set(FAULTS):
        parser.error(f"--faults: {', '.join(sorted(set(args.faults) - set(FAULTS)))}: there are {', '.join(sorted(FAULTS))}")
    soak = Soak(args)
    try:
        soak.run()
    except Broken as broken:
        soak.failures.append(f"{soak.history[-1]['words'] if soak.history else 'the start'}: {broken}")
        soak.judge()
    sys.exit(soak.conclude())


main()
