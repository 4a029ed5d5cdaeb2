#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the programs' help, their words and the pages of the reference to each other.

    usage.py REFERENCE PROGRAM...

What a program offers to a shell is its table of verbs and options. Each verb answers -h, --help and 'help VERB' alike with
status 0 and in 80 columns; bad usage ends with 2; the page of the program in the folder REFERENCE has a section for each
verb, which names its options and none that the verb does not have.
"""
import os
import re
import subprocess
import sys

OWN = {"--help", "--usage", "--version"}
failed = []


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)


def check(good, sentence):
    if not good:
        failed.append(sentence)


def offers(program, *words):
    env = dict(os.environ, FULCRUM_CHANNEL="/nonexistent")
    out = subprocess.run([program, "--complete", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env)
    return [line.split("\t")[0] for line in out.stdout.splitlines() if not line.startswith(":")]


def verbs_of(program, *before):
    return [word for word in offers(program, *before, "") if not word.startswith("-")]


def section_of(page, name):
    """The section whose title names the verb: "## apply, confirm"."""
    for part in re.split(r"^(?=## )", page, flags=re.M)[1:]:
        title, _, text = part.partition("\n")
        if name in re.split(r",\s*", title[3:].strip()):
            return text
    return None


def look_at_help(program, verb):
    """-h, --help and 'help VERB' say the same, in 80 columns."""
    base = os.path.basename(program)
    texts = [run(program, *verb, "-h"), run(program, *verb, "--help")]
    if verb:
        texts.append(run(program, "help", *verb))
    for done in texts:
        check(done.returncode == 0 and done.stderr == "", f"{base} {verb}: help ends with {done.returncode}: {done.stderr}")
        check(done.stdout == texts[0].stdout and len(done.stdout) > 40, f"{base} {verb}: helps differ")
    if base != "fulcrum-bench":
        for line in texts[0].stdout.splitlines():
            check(len(line) <= 80 or "Usage" in line or "|" in line, f"{base} {verb}: '{line}' is wider than 80")
    done = run(program, *verb, "--no-such-option")
    check(done.returncode == 2 and done.stdout == "", f"{base} {verb}: bad usage ends with {done.returncode}")


def look_at_page(program, page, verb):
    base = os.path.basename(program)
    text = page if not verb else section_of(page, " ".join(verb)) or section_of(page, verb[0])
    check(text is not None, f"{base}.md has no section '{' '.join(verb)}'")
    if text is None:
        return
    known = set(offers(program, *verb, "--")) | OWN
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
    letters = {name: letter for letter, name in re.findall(r"-(\w), (--[a-z-]+)", run(program, *verb, "--help").stdout)}
    if base == "fulcrum-bench":
        named |= known # its page leaves them to --help
    for option in known - OWN:
        letter = letters.get(option)
        check(option in named or (letter and re.search(rf"(?<![\w-])-{letter}\b", text)), f"{base}.md: section '{' '.join(verb) or 'options'}' lacks {option}")
    for line in re.findall(rf"^    {base}((?: [a-z][a-z|-]*)+)( .*)?$", text, re.M):
        words = line[0].split()
        if verb and verb[-1] in words[len(verb) - 1].split("|"):
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line[1]):
                check(option in known, f"{base}.md: {' '.join(verb)} has no option {option}")


def walk(program, page, verb=()):
    groups = verbs_of(program, *verb) if len(verb) < 2 else []
    is_group = run(program, *verb, "no-such-verb").stderr.count("there is no command") == 1
    look_at_help(program, list(verb))
    if not is_group:
        look_at_page(program, page, list(verb))
        return 1
    check(run(program, *verb).returncode == 2, f"{program} {verb}: a missing command ends otherwise than with 2")
    return sum(walk(program, page, (*verb, word)) for word in groups)


def main():
    for program in sys.argv[2:]:
        with open(f"{sys.argv[1]}/{os.path.basename(program)}.md", encoding="utf-8") as file:
            count = walk(program, file.read())
        check(count >= (20 if program.endswith("fulcrumctl") else 1), f"{program}: {count} verbs were seen")
    print("\n".join(failed))
    return 1 if failed else 0


sys.exit(main())
