# SPDX-License-Identifier: BSD-3-Clause
"""What the soak does, and when: an endless series of steps that a seed decides alone. The same seed gives the same steps on any
machine; how far a run comes in them depends on the machine.

The plan keeps a model of what is asked for: who is in the pool, with which weight and state, and who is dead. So it knows
which steps are possible, and the soak knows what the daemon must say after each of them.
"""
import dataclasses
import random

BACKENDS = ["b1", "b2", "b3", "b4", "b5"]
LEAST_USABLE = 2  # fewer, and on_all_down would decide

# Faults, and the steps that do not come while one lasts. What is not kept yet is undone by a
# restart, and the history is on the disk that hangs; without a descriptor nobody is found dead, or
# up; the log's reader is who tells when a daemon is ready, and when a deadline has passed.
NOT_KEPT = {"restart", "kill"}
FAULTS = {
    "disk_full": NOT_KEPT,
    "read_only": NOT_KEPT,
    "disk_hung": NOT_KEPT | {"look"},
    "saver": NOT_KEPT,
    "descriptors": NOT_KEPT | {"apply", "enable", "die", "revive", "look"},
    "log_stalled": {"restart", "kill", "drain-reset"},
    "tool": set(),
    "clock_forward": set(),
    "clock_back": set(),
    # Over before the next step.
    "worker": set(),
    "control": set(),
    "netlink": set(),
    "interface": set(),
}
SHORT_FAULTS = {"worker", "control", "netlink", "interface"}

# How a backend dies, and comes back with the next step 'revive' (of 'freeze', as of 'cut', its
# connections wait and go on).
DEATHS = ["cut", "server", "freeze"]


@dataclasses.dataclass
class Step:
    number: int
    pause_s: float  # before it, after the end of the one before
    verb: str
    target: str = ""
    detail: str = ""
    # What must be shown when it is done: {name: (state, weight)} of the pool.
    pool: dict = dataclasses.field(default_factory=dict)

    def __str__(self):
        return " ".join(word for word in (f"step {self.number}:", self.verb, self.target, self.detail) if word)


class Plan:
    def __init__(self, seed, faults=()):
        self.random = random.Random(seed)
        self.pool = {name: ("active", 100) for name in BACKENDS[:4]}
        self.dead = {}  # name -> how
        self.fault = ""
        self.faults = list(faults)
        self.since = 0  # steps since the present death or fault began

    def usable(self):
        return [name for name, (state, weight) in self.pool.items() if state == "active" and weight and name not in self.dead]

    def spare(self):
        """Those whose loss leaves enough."""
        usable = self.usable()
        return usable if len(usable) > LEAST_USABLE else []

    def of_state(self, state):
        return [name for name, (its, _) in self.pool.items() if its == state]

    def choices(self):
        """Each: (weight, verb, what makes it, whether it can be made)."""
        excluded = FAULTS.get(self.fault, set())
        return [choice for choice in self.all_choices() if choice[1] not in excluded]

    def all_choices(self):
        usable = self.spare()
        calm = [name for name in self.of_state("active") if name not in self.dead]
        return [
            (4, "apply", self.make_apply, True),
            (1, "apply-bad", self.make_plain, True),
            (3, "weight", self.make_weight, calm),
            (3, "drain", self.make_state, usable),
            (2, "drain-reset", self.make_state, usable),
            (1, "disable", self.make_state, usable),
            (3, "enable", self.make_enable, self.of_state("draining") + self.of_state("disabled")),
            (6, "die", self.make_death, usable and not self.dead),
            (9 * min(self.since, 2), "revive", self.make_revival, self.dead),
            (4, "fault", self.make_fault, self.faults and not self.fault),
            (9 * min(self.since, 2), "fault-end", self.make_fault_end, self.fault),
            (3, "restart", self.make_plain, True),
            (3, "kill", self.make_kill, True),
            (1, "agent", self.make_agent, True),
            (2, "look", self.make_plain, True),
            (1, "route", self.make_plain, True),
        ]

    def make_plain(self, verb):
        return "", ""

    def make_kill(self, verb):
        """Once, or again so soon that its successor may not be ready."""
        return "", self.random.choice(["", "", f"again after {self.random.uniform(0.02, 0.5):.2f}"])

    def make_apply(self, verb):
        """Another pool: who is not simply active stays, so that no state is lost; the rest is drawn."""
        fixed = {name: row for name, row in self.pool.items() if row[0] != "active" or name in self.dead}
        free = [name for name in BACKENDS if name not in fixed]
        least = max(1, LEAST_USABLE)
        chosen = self.random.sample(free, self.random.randint(min(least, len(free)), len(free)))
        drawn = {name: ("active", self.random.choice([50, 100, 100, 200])) for name in sorted(chosen)}
        self.pool = dict(sorted({**fixed, **drawn}.items()))
        return "", ",".join(f"{name}={weight}" for name, (_, weight) in self.pool.items())

    def make_weight(self, verb):
        name = self.random.choice([name for name in self.of_state("active") if name not in self.dead])
        weight = self.random.choice([50, 100, 150, 200])
        self.pool[name] = ("active", weight)
        return name, str(weight)

    def make_state(self, verb):
        name = self.random.choice(self.usable())
        self.pool[name] = ("disabled" if verb == "disable" else "draining", self.pool[name][1])
        return name, ""

    def make_enable(self, verb):
        name = self.random.choice(self.of_state("draining") + self.of_state("disabled"))
        was, weight = self.pool[name]
        self.pool[name] = ("active", weight)
        return name, "enable" if was == "disabled" else "undrain"

    def make_death(self, verb):
        name = self.random.choice(self.usable())
        self.dead[name] = self.random.choice(DEATHS)
        self.since = 0
        return name, self.dead[name]

    def make_revival(self, verb):
        return self.dead.popitem()

    def make_fault(self, verb):
        fault = self.random.choice(self.faults)
        if fault not in SHORT_FAULTS:
            self.fault = fault
            self.since = 0
        return "", fault

    def make_fault_end(self, verb):
        fault, self.fault = self.fault, ""
        return "", fault

    def make_agent(self, verb):
        return self.random.choice(BACKENDS), ""

    def steps(self):
        number = 0
        while True:
            number += 1
            self.since += 1
            choices = [choice for choice in self.choices() if choice[3]]
            _, verb, make, _ = self.random.choices(choices, [weight for weight, *_ in choices])[0]
            pause_s = self.random.choice([0, 0.2, 1, 2, 4])
            target, detail = make(verb)
            yield Step(number, pause_s, verb, target, detail, dict(self.pool))
