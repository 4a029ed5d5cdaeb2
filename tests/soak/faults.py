# SPDX-License-Identifier: BSD-3-Clause
"""Faults around the balancer as steps of the soak: plan.py says when one comes, and what may come while it lasts. Those of
tests/lab/faults.sh, at random times and in random company."""
import os
import signal
import struct
import subprocess
import sys
import time

from balancer import Broken, in_ns, lab

LAB_TESTS = os.path.join(os.path.dirname(__file__), "../lab")
HELD_S = 3  # so long does a thread stand still, whose standing stops what is seen
LOCK = """
import fcntl, os, signal, struct
fd = os.open(os.environ['FULCRUM_CHANNEL'], os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 1, 1, 0))
print('locked', flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


class Faults:
    """'disk' is the folder that the state folder lies on, 'hang' the process that serves it, or 0; 'clock' the file by which the
    daemon's wall clock is set, or ''."""

    def __init__(self, balancer, disk, hang, clock, starve):
        self.balancer = balancer
        self.disk = disk
        self.hang = hang
        self.clock = clock
        self.starve = starve
        self.tool = None  # who stopped, and holds the lock
        self.saver = None  # who holds the thread that saves
        self.soft = 0  # the descriptors that it may have

    def possible(self, names):
        """Those of the names that there can be here."""
        missing = set()
        if not self.disk:
            missing |= {"disk_full", "read_only"}
        if not self.hang:
            missing.add("disk_hung")
        if not self.clock:
            missing |= {"clock_forward", "clock_back"}
        return [name for name in names if name not in missing]

    def begin(self, name):
        getattr(self, f"begin_{name}")()

    def end(self, name):
        getattr(self, f"end_{name}")()

    def kept(self):
        """True: what is in force is on the disk."""
        page = subprocess.run(["ip", "netns", "exec", "lb", "curl", "-sf", "--max-time", "20", "http://127.0.0.1:9110/metrics"],
                              capture_output=True, text=True)
        return "fulcrum_config_saved 1\n" in page.stdout

    # -- the disk of the state folder --

    def fill(self):
        subprocess.run(["dd", "if=/dev/zero", f"of={self.disk}/ballast", "bs=4k", "oflag=append", "conv=notrunc", "status=none"],
                       stderr=subprocess.DEVNULL)
        try:
            with open(f"{self.disk}/more", "w") as more:
                more.write("x\n")
        except OSError:
            return True
        return False

    def begin_disk_full(self):
        self.balancer.wait("the disk is full", self.fill, 10)

    def end_disk_full(self):
        for name in ("ballast", "more"):
            if os.path.exists(f"{self.disk}/{name}"):
                os.unlink(f"{self.disk}/{name}")

    def remount(self, how):
        return subprocess.run(["mount", "-o", f"remount,{how}", self.disk], stderr=subprocess.DEVNULL).returncode == 0

    def begin_read_only(self):  # not while a file is open there to be written
        self.balancer.wait("the folder is read-only", lambda: self.remount("ro"), 10)

    def end_read_only(self):
        self.remount("rw")

    def begin_disk_hung(self):
        os.kill(self.hang, signal.SIGSTOP)

    def end_disk_hung(self):
        os.kill(self.hang, signal.SIGCONT)

    # -- threads --

    def hold(self, thread):
        held = in_ns("lb", sys.executable, f"{LAB_TESTS}/hold_thread.py", str(self.balancer.process.pid), thread,
                     stdout=subprocess.PIPE, text=True)
        if held.stdout.readline() != "held\n":
            raise Broken(f"thread '{thread}' cannot be held")
        return held

    @staticmethod
    def release(held):
        held.terminate()
        held.wait(30)

    def thread_of(self, begin):
        tasks = f"/proc/{self.balancer.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/comm") as comm:
                name = comm.read().strip()
            if name.startswith(begin):
                return name
        raise Broken(f"the daemon has no thread '{begin}'")

    def begin_saver(self):
        self.saver = self.hold("fulcrum-saver")

    def end_saver(self):
        self.release(self.saver)

    def begin_worker(self):
        begun = time.monotonic()
        held = self.hold(self.thread_of("rte-worker"))
        time.sleep(HELD_S)
        self.release(held)
        self.starve(begun, time.monotonic())

    def begin_control(self):
        held = self.hold("fulcrumd")
        time.sleep(HELD_S)
        self.release(held)

    # -- the machine --

    def begin_netlink(self):
        """The kernel tells more than the socket holds, while the control thread does not look."""
        held = self.hold("fulcrumd")
        lines = "".join(f"route replace 192.0.2.{k % 250}/32 dev lo\nroute del 192.0.2.{k % 250}/32 dev lo\n" for k in range(20000))
        subprocess.run(["ip", "-n", "lb", "-batch", "-"], input=lines, text=True, check=True)
        self.release(held)

    def begin_interface(self):
        lab("ip -n lb link del fulcrum0")
        self.balancer.wait("fulcrum0 is made again", lambda: "10.0.0.2" in subprocess.run(
            ["ip", "-n", "lb", "addr", "show", "dev", "fulcrum0"], capture_output=True, text=True).stdout, 10)

    def limit(self, soft):
        subprocess.run(["prlimit", "--pid", str(self.balancer.process.pid), f"--nofile={soft}:"], check=True)

    def begin_descriptors(self):
        shown = subprocess.run(["prlimit", "--pid", str(self.balancer.process.pid), "--nofile", "--noheadings", "-o", "SOFT"],
                               capture_output=True, text=True, check=True)
        self.soft = int(shown.stdout)
        self.limit(8)

    def end_descriptors(self):
        self.limit(self.soft)

    def set_clock(self, seconds):
        with open(self.clock, "r+b") as clock:
            clock.write(struct.pack("<q", seconds))
        self.balancer.clock_is(seconds)

    def begin_clock_forward(self):
        self.set_clock(3600)

    def end_clock_forward(self):
        self.set_clock(0)

    def begin_clock_back(self):
        self.set_clock(-3600)

    def end_clock_back(self):
        self.set_clock(0)

    # -- those who ask, and read --

    def begin_tool(self):
        self.tool = in_ns("lb", sys.executable, "-uc", LOCK, stdout=subprocess.PIPE, text=True)
        if self.tool.stdout.readline() != "locked\n":
            raise Broken("a tool does not get the channel's lock")

    def end_tool(self):
        self.tool.kill()
        self.tool.wait()

    def begin_log_stalled(self):
        self.balancer.reader.send_signal(signal.SIGSTOP)
        pipe = os.open(self.balancer.pipe, os.O_WRONLY | os.O_NONBLOCK)
        for size in 4096, 1:
            try:
                while True:
                    os.write(pipe, b"\n" * size)
            except BlockingIOError:
                pass
        os.close(pipe)

    def end_log_stalled(self):
        self.balancer.reader.send_signal(signal.SIGCONT)
