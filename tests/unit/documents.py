#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Follows the links of documents, and reads the manual pages of fulcrumctl's verbs.

  documents.py links FOLDER...           every link of every *.md below leads to a file, and to a heading of it
  documents.py manual SOURCE FULCRUMCTL  each verb has a page that says what it does and has an example
"""
import os
import re
import subprocess
import sys

LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")


def prose_of(path):
    """The text without its blocks and without what is quoted as code."""
    kept, fence = [], False
    for line in open(path, encoding="utf-8"):
        if line.startswith("```"):
            fence = not fence
        elif not fence and not line.startswith("    "):
            kept.append(line)
    return re.sub(r"`[^`\n]*`", lambda code: re.sub(r"[\[\]()]", "_", code[0]), "".join(kept))


def anchors_of(path):
    """As GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", open(path, encoding="utf-8").read(), re.M):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        found.add(slug if slug not in found else f"{slug}-1")
    return found


def documents_below(folder):
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("build", ".git") and not name.startswith("obj-")]
        for name in files:
            if name.endswith((".md", ".md.gz")):
                yield os.path.join(at, name)


def links(folders):
    dead, followed = [], 0
    for path in (path for folder in folders for path in documents_below(folder)):
        if path.endswith(".gz"):
            dead.append(f"{path}: is compressed, so that no link leads to it")
            continue
        for target in LINK.findall(prose_of(path)):
            if re.match(r"[a-z]+:", target):
                continue
            followed += 1
            file, _, anchor = target.partition("#")
            file = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if not os.path.exists(file):
                dead.append(f"{path}: {target}: there is no {file}")
            elif anchor and file.endswith(".md") and anchor not in anchors_of(file):
                dead.append(f"{path}: {target}: {file} has no such heading")
    print(*dead, f"{followed} links were followed, {len(dead)} are dead", sep="\n")
    return 1 if dead or not followed else 0


def manual(source, fulcrumctl):
    page = f"{source}/docs/reference/fulcrumctl.md"
    said = subprocess.run([fulcrumctl, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z].*?)(?:  |$)", said.split("Commands:")[1].split("\n\n")[0].split("\n  -")[0], re.M)
    headings = re.findall(r"^## (.*)$", open(page, encoding="utf-8").read(), re.M)
    verbs = {verb.replace(" ", "-") for command in commands for heading in headings for verb in heading.split(", ")
             if verb.split(" ")[0] == re.match(r"[a-z-]+", command)[0]}
    named = {verb.split("-")[0] for verb in verbs} | verbs
    wrong = [f"{command}: {page} has no section of it" for command in commands if re.match(r"[a-z-]+", command)[0] not in named]
    for verb in sorted(verbs):
        made = subprocess.run([f"{source}/tools/man-page", "fulcrumctl", "8", "", "0", page, verb], capture_output=True, text=True)
        if made.returncode:
            wrong.append(f"{verb}: {made.stderr.strip()}")
        elif made.stdout.startswith(".so "):
            continue
        else:
            name = re.search(r"^(fulcrumctl-\S+.*) - (.*)$", made.stdout, re.M)
            if not name or not re.match(r"[a-z]+s\b", name[2]):
                wrong.append(f"{verb}: its section does not begin with a sentence that says what it does: {name and name[2]}")
            if not re.search(r"^\.SH\s+EXAMPLES$", made.stdout, re.M):  # lowdown 2 writes it in one line
                wrong.append(f"{verb}: its section has no example, a block with a line that begins with '$ '")
    print(*wrong, f"{len(verbs)} verbs: {' '.join(sorted(verbs))}", sep="\n")
    return 1 if wrong or len(verbs) < 10 else 0


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["links"] and words[1:]:
        sys.exit(links(words[1:]))
    if words[:1] == ["manual"] and len(words) == 3:
        sys.exit(manual(*words[1:]))
    sys.exit(__doc__)
