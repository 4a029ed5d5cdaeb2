#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the command blocks of documents, word for word.

  blocks.py check FILE|FOLDER...            every block says whether it is run, and where
  blocks.py show PLACE FILE                 the blocks of that place as a script, for a shell elsewhere
  blocks.py run FILE... [--installed PATH FILE...]
                                            runs those of namespaces, and those of 'here'; after --installed with these folders
                                            in PATH, as on a machine that has the packages

A block is indented by four columns, or fenced. A comment before it, which no reader sees, says what it is:

  <!-- run on lb -->                        its commands are run in the namespace lb; 'here': in none; 'b1 b2': in each of these
  <!-- run on lb until 'ready' -->          its last command stays in the foreground; it is there when it has printed that
  <!-- run on lb, which may end with 1 -->  as a command does that says what is wrong
  <!-- first on lb: COMMAND -->             what a reader has done by then; any number of these may stand before
  <!-- not run: REASON -->                  it wants what is not there, or it holds no commands

Of a block with lines that begin with "$ " only these are commands, and the rest is what they print. Commands of a file and
a place share folder and variables. A block fails with its first line that does.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

RUN = re.compile(r"run on ([\w ]+?)(?: until '(.*)')?(, which may end with 1)?$")
FIRST = re.compile(r"first on (\w+): (.*)$", re.S)
NOT_RUN = re.compile(r"not run: (.+)$", re.S)
PATIENCE_S = 60
ELSEWHERE = ["bare", "packaging"] # in a system that has nothing yet: bare.sh


class Block:
    def __init__(self, path, line, text, marks):
        self.at = f"{path}:{line}"
        self.path = path
        self.text = text
        self.first, self.places, self.until, self.may_end_with_1, self.why_not = [], [], None, False, None
        for mark in marks:
            if match := RUN.match(mark):
                self.places = match[1].split()
                self.until = match[2]
                self.may_end_with_1 = bool(match[3])
            elif match := FIRST.match(mark):
                self.first.append((match[1], match[2]))
            elif match := NOT_RUN.match(mark):
                self.why_not = match[1]
            else:
                sys.exit(f"{self.at}: this comment before a block is none that is known: {mark}")

    def commands(self):
        lines = self.text.splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")]
        return "\n".join(typed or lines)

    def last(self):
        return self.commands().splitlines()[-1].split("  #")[0].strip()


def blocks_of(path):
    """The blocks of a document, each with the comments that stand between it and the paragraph before."""
    blocks, marks, lines = [], [], open(path, encoding="utf-8").read().splitlines()
    at = 0
    paragraph = False
    while at < len(lines):
        line = lines[at]
        begin = at + 1
        if line.startswith("<!--"):
            while "-->" not in lines[at]:
                at += 1
            marks.append(re.sub(r"\s*\n\s*", " ", "\n".join(lines[begin - 1:at + 1])).removeprefix("<!--").removesuffix("-->").strip())
        elif line.startswith("```"):
            at += 1
            while not lines[at].startswith("```"):
                at += 1
            blocks.append(Block(path, begin, "\n".join(lines[begin:at]), marks))
            marks = []
        elif line.startswith("    ") and not paragraph:
            while at + 1 < len(lines) and (not lines[at + 1].strip() or lines[at + 1].startswith("    ")):
                at += 1
            blocks.append(Block(path, begin, "\n".join(l[4:] for l in lines[begin - 1:at + 1]).rstrip(), marks))
            marks = []
            paragraph = False
        elif line.strip():
            paragraph = True
            marks = []
        else:
            paragraph = False
        at += 1
    return blocks


def check(paths):
    paths = [found for path in paths for found in
             (sorted(f"{path}/{name}" for name in os.listdir(path) if name.endswith(".md")) if os.path.isdir(path) else [path])]
    wrong = [block.at for path in paths for block in blocks_of(path) if not block.places and not block.why_not]
    for at in wrong:
        print(f"{at}: this block does not say whether it is run: <!-- run on PLACE --> or <!-- not run: REASON -->")
    return 1 if wrong else 0


def show(place, path):
    found = [block.commands() for block in blocks_of(path) if place in block.places]
    print("\n".join(found))
    return 0 if found else 1


class Runner:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.ran = 0
        self.running = []
        self.holders = {}

    def enter(self, place):
        """The words that run a command in a place. A place keeps its mounts, as a machine does."""
        if place == "here":
            return []
        if place not in self.holders:
            holder = subprocess.Popen(["ip", "netns", "exec", place, "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
            holder.stdout.readline()
            self.holders[place] = holder
            self.running.append(holder)
        return ["nsenter", f"--target={self.holders[place].pid}", "--mount", "--net", "--root",
                f"--wd={os.getcwd()}"]

    def shell(self, path, place, commands, may_end_with_1=False, until=None):
        """None, or what went wrong."""
        kept = f"{self.folder}/{os.path.basename(path)}-{place}"
        script = (f"[ ! -f {kept} ] || . {kept}\nset -E -o pipefail\n"
                  f"trap 'status=$?; [ $status -le {int(may_end_with_1)} ] || exit $status' ERR\n{commands}\n"
                  f"trap - ERR; export -p >{kept}; echo \"cd '$PWD'\" >>{kept}\n")
        argv = [*self.enter(place), "bash", "-c", script]
        log = tempfile.NamedTemporaryFile("w+", dir=self.folder, suffix=".log", delete=False)
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def said():
            return open(log.name, encoding="utf-8", errors="replace").read()

        if until:
            end = time.monotonic() + PATIENCE_S
            while until not in said():
                if process.poll() is not None or time.monotonic() > end:
                    return f"it never said '{until}':\n{said()}"
                time.sleep(0.05)
            self.running.append(process)
            return None
        try:
            ended = process.wait(PATIENCE_S * 10)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"it did not end:\n{said()}"
        return f"status {ended}:\n{said()}" if ended else None

    def run(self, block):
        for place, command in block.first:
            if wrong := self.shell(block.path, place, command):
                return f"{command}: {wrong}"
        for place in block.places:
            if wrong := self.shell(block.path, place, block.commands(), block.may_end_with_1, block.until):
                return f"on {place}: {wrong}"
        self.ran += 1
        return None


def run(paths):
    plain_path, folders, installed = os.environ["PATH"], "", []
    if "--installed" in paths:
        at = paths.index("--installed")
        folders, installed = paths[at + 1], paths[at + 2:]
        paths = paths[:at] + installed
    runner = Runner()
    try:
        for block in (block for path in paths for block in blocks_of(path)):
            if block.path in installed:
                os.environ["PATH"] = f"{folders}:{plain_path}"
            if not block.places or block.places[0] in ELSEWHERE:
                continue
            if wrong := runner.run(block):
                print(f"{block.at}: the document's commands do not work:\n{block.text}\n{wrong}")
                return 1
            print(f"ok: {block.at}: {block.last()}", flush=True)
    finally:
        for process in reversed(runner.running):
            process.terminate()
    print(f"{runner.ran} blocks were run")
    return 0


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["check"] and len(words) > 1:
        sys.exit(check(words[1:]))
    if words[:1] == ["show"] and len(words) == 3:
        sys.exit(show(*words[1:]))
    if words[:1] == ["run"] and len(words) > 1:
        sys.exit(run(words[1:]))
    sys.exit(__doc__)
