# SPDX-License-Identifier: BSD-3-Clause
"""The balancer under test, and what it is asked: over lib.sh of the lab, whose namespaces 'run' has made."""
import datetime
import json
import os
import re
import subprocess
import time

LAB_LIB = os.path.join(os.path.dirname(__file__), "../lab/lib.sh")


class Broken(Exception):
    """What must hold does not."""


def lab(script):
    """Runs lines of bash that know the lab's functions."""
    done = subprocess.run(["bash", "-c", f". {LAB_LIB}\n. {os.path.dirname(__file__)}/backends.sh\n{script}"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Broken(f"'{script}' ended with status {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def in_ns(namespace, *command, **more):
    return subprocess.Popen(["ip", "netns", "exec", namespace, *command], **more)


class Balancer:
    """fulcrumd in the namespace 'lb', one process after the other, their log in one file."""

    def __init__(self, build, folder, patience, fulcrumd=""):
        self.fulcrumd = fulcrumd or f"{build}/app/fulcrumd"
        self.fulcrumctl = f"{build}/tools/fulcrumctl/fulcrumctl"
        self.folder = folder
        self.patience = patience
        self.log = f"{folder}/fulcrumd.log"
        self.process = None
        self.is_ready = False
        self.pipe = f"{folder}/log.pipe"
        self.reader = None  # who writes the log file
        self.clocks = [(0, 0)]  # from which byte of the log on its clock was ahead by so many seconds
        self.stood_s = lambda since: 0  # for how long the machine ran no worker since then
        open(self.log, "w").close()

    def wait(self, what, holds, seconds):
        """Until 'holds()' is true: 'seconds' are a quiet machine's. While a machine runs no worker, no probe can be judged: that
        time, and as much again to begin anew, does not count. Returns how long it took."""
        begun = time.monotonic()
        while not holds():
            if time.monotonic() - begun > seconds * self.patience + 2 * self.stood_s(begun):
                raise Broken(f"after {time.monotonic() - begun:.0f} s still not: {what}")
            time.sleep(0.02)
        return time.monotonic() - begun

    def listen(self):
        """The daemons' words go through a pipe, whose reader may stall."""
        os.mkfifo(self.pipe)
        self.reader = subprocess.Popen(["sh", "-c", f"exec cat <>{self.pipe} >>{self.log}"])

    def spawn(self):
        pipe = os.open(self.pipe, os.O_WRONLY)
        self.process = in_ns("lb", self.fulcrumd, "-c", f"{self.folder}/fulcrumd.yaml", stdout=pipe, stderr=pipe,
                             stdin=subprocess.DEVNULL)
        os.close(pipe)

    def start(self):
        begun = os.path.getsize(self.log)
        self.spawn()

        def ready():
            if self.process.poll() is not None:
                raise Broken(f"fulcrumd ended with status {self.process.returncode} before it was ready")
            with open(self.log) as log:
                log.seek(begun)
                return "fulcrumd: ready" in log.read()

        self.wait("fulcrumd is ready", ready, 60)
        self.is_ready = True
        lab("lab_wire; lab_addresses")

    def stop(self, signal):
        self.is_ready = False
        self.process.send_signal(signal)
        try:
            status = self.process.wait(30 * self.patience)
        except subprocess.TimeoutExpired:
            raise Broken(f"fulcrumd does not end by signal {signal}")
        self.process = None
        return status

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def ask(self, *words, statuses=(0,)):
        done = subprocess.run([self.fulcrumctl, "--wait", f"{5 * self.patience}s", *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60 * self.patience)
        if done.returncode not in statuses:
            raise Broken(f"fulcrumctl {' '.join(words)} ended with status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def backends(self):
        return {row["name"]: row for row in json.loads(self.ask("show", "backends", "-o", "json"))}

    def is_removed(self, name):
        """It is known to be down, and no new connection goes to it."""
        row = self.backends().get(name)
        return row is None or row["health"] == "down" and not row["share_ppm"]

    def is_up(self, name):
        row = self.backends().get(name)
        return row is None or row["health"] == "up"

    def log_lines(self, begin, end=None):
        with open(self.log, errors="replace") as log:
            log.seek(begin)
            return [line for line in log.read(None if end is None else end - begin).splitlines() if line]

    def clock_is(self, ahead_s):
        """From now on the daemon's wall clock is ahead by so much."""
        self.clocks.append((os.path.getsize(self.log), ahead_s))

    def health_changes(self):
        """(when by the true wall clock, who, down or up), of what was known before."""
        changes = []
        for (begin, ahead_s), (end, _) in zip(self.clocks, self.clocks[1:] + [(None, 0)]):
            found = re.findall(r"^(\S+Z) info: health: backend soak/(\S+) is (down|up(?= \(down))",
                               "\n".join(self.log_lines(begin, end)), re.M)
            changes += [(datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() - ahead_s, name, verb)
                        for at, name, verb in found]
        return changes

    def worker_waited_s(self):
        """How long its first worker has been ready to run, and had no core."""
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/comm") as comm:
                if not comm.read().startswith("rte-worker"):
                    continue
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat") as words:
                return int(words.read().split()[1]) / 1e9
        return 0

    def sample(self):
        """What the process holds now; None while there is none that is ready."""
        if not self.is_ready:
            return None
        try:
            pid = self.process.pid
            with open(f"/proc/{pid}/status") as status:
                words = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status.read(), re.M))
            return {"at": time.monotonic(), "pid": pid, "rss_kib": int(words["VmRSS"]), "threads": int(words["Threads"]),
                    "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "log_bytes": os.path.getsize(self.log), "waited_s": round(self.worker_waited_s(), 3)}
        except (AttributeError, OSError, KeyError):
            return None
