#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What bash, zsh and fish offer for a line, asked of the shells themselves.

    completions.py FOLDER FULCRUMCTL FULCRUMD FULCRUM-BENCH DAEMON [FULCRUM-BACKEND]

FOLDER has the completions as they are installed; DAEMON serves a channel with rows of its own.
"""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

folder, daemon = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[5])
programs = [os.path.abspath(p) for p in sys.argv[2:5] + sys.argv[6:]]
failed = []

# A line, and what is offered for its last word.
OFFERS = [
    ("fulcrumctl sh", "show"),
    ("fulcrumctl -C x --wait 5s ro", "rollback"),
    ("fulcrumctl nothing ", ""),
    ("fulcrumctl help sh", "show"),
    ("fulcrumctl show p", "pools ports"),
    ("fulcrumctl show pools -o ", "json table yaml"),
    ("fulcrumctl show pools --output ", "json table yaml"),
    ("fulcrumctl show backends ", "web-1 web-2"),
    ("fulcrumctl show backends --state dr", "draining"),
    ("fulcrumctl show backends --sort sy", "syn_repeats syn_resets"),
    ("fulcrumctl show vips --state ", "announced holding suppressed"),
    ("fulcrumctl backend d", "disable drain"),
    ("fulcrumctl backend drain ", "web/web-1 web/web-2"),
    ("fulcrumctl backend drain web/web-1 web/web-2", "web/web-2"),
    ("fulcrumctl backend drain web/web-1 --dea", "--deadline"),
    ("fulcrumctl backend drain web/web-1 --w", "--watch"),
    ("fulcrumctl backend drain x --then r", "rehash reset"),
    ("fulcrumctl backend enable web/web-1 --d", ""),
    ("fulcrumctl backend disable --address 10.0", "10.0.1.11"),
    ("fulcrumctl capture --service w", "web"),
    ("fulcrumctl flows -b web/web-2", "web/web-2"),
    ("fulcrumctl explain t", "tcp"),
    ("fulcrumctl doctor --c", "--config"),
    ("fulcrumctl backend-setup --backend web/web-1 --c", "--check"),
    ("fulcrumctl teleport ", "render verify"),
    ("fulcrumctl teleport verify c.yaml --pool ", "auth proxy"),
    ("fulcrumctl teleport render c.yaml --fo", "--force"),
    ("fulcrumd --conf", "--config"),
    ("fulcrum-bench pip", "pipeline"),
    ("fulcrum-bench latency --rou", "--round-ms --rounds"),
    ("fulcrumctl apply -f pools.y", "pools.yaml"),
    ("fulcrumctl check -f a.yaml -f pools.y", "pools.yaml"),
    ("fulcrumctl teleport render pools.y", "pools.yaml"),
    ("fulcrumctl teleport render -o place", "places"),
    ("fulcrumd -c pools.y", "pools.yaml"),
]
if len(programs) > 3:
    OFFERS.append(("fulcrum-backend --det", "--detach"))

# A line, and what becomes of it by one TAB: only one word is offered.
LINES = [
    ("fulcrumctl sho", "fulcrumctl show "),
    ("fulcrumctl backend drain web/web-2", "fulcrumctl backend drain web/web-2 "),
    ("fulcrumctl show pools --output=js", "fulcrumctl show pools --output=json "),
    ("fulcrumctl apply -f pools.y", "fulcrumctl apply -f pools.yaml "),
    ("fulcrumctl backend-setup --chec", "fulcrumctl backend-setup --check "),
    ("fulcrumd --conf", "fulcrumd --config "),
    ("fulcrum-bench simu", "fulcrum-bench simulate "),
]


def compare(shell, line, got, wanted):
    if got != wanted:
        failed.append(f"{shell}: '{line}' gives '{got}', not '{wanted}'")


def words(text):
    return " ".join(sorted(line.split("\t")[0].rstrip("/") for line in text.splitlines() if line))


def ask_bash(line):
    script = f"""
source {folder}/{line.split()[0]}.bash
read -ra COMP_WORDS <<<"$1"
[[ $1 != *" " ]] || COMP_WORDS+=("")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_{line.split()[0].replace("-", "_")}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return words(subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True).stdout)


def ask_fish(line):
    script = f"source {folder}/{line.split()[0]}.fish; complete -C $argv[1]"
    return words(subprocess.run(["fish", "--no-config", "-c", script, line], capture_output=True, text=True).stdout)


class Terminal:
    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execvp(command[0], command)
        self.text = ""

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, pattern):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            found = re.search(pattern, self.text, re.S)
            if found:
                self.text = self.text[found.end():]
                return found.group(1)
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 65536).decode(errors="replace")
        return f"no {pattern} in {self.text!r}"

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def press(terminal, shell):
    """One TAB, then a key that tells the line."""
    for line, wanted in LINES:
        terminal.send("\x15" + line + "\t\x18p")
        compare(shell, line, terminal.wait(r"<<([^\n]*?)>>"), wanted)


def in_bash():
    terminal = Terminal("bash", "--norc", "--noprofile", "-i")
    for name in ("fulcrumctl", "fulcrumd", "fulcrum-bench"):
        terminal.send(f"source {folder}/{name}.bash\n")
    terminal.send("""bind -x '"\\C-xp": printf "\\n<%s%s>>\\n" "<" "$READLINE_LINE"'; echo REA''DY\n""")
    terminal.wait("(READY)")
    press(terminal, "bash")
    terminal.end()


def in_zsh(home):
    for name in ("fulcrumctl", "fulcrumd", "fulcrum-bench"):
        shutil.copy(f"{folder}/{name}.zsh", f"{home}/functions/_{name}")
    terminal = Terminal("zsh", "-f", "-i")
    terminal.send(f"unsetopt zle_bracketed_paste prompt_cr; fpath=({home}/functions $fpath); autoload -U compinit; "
                  f"compinit -u -d {home}/dump; tell() {{ print -r -- \"<\"\"<$BUFFER>>\" }}; zle -N tell; "
                  "bindkey '^Xp' tell; bindkey '^U' kill-whole-line; bindkey '^I' complete-word; bindkey '^Xl' list-choices; "
                  "echo REA''DY\n")
    terminal.wait("(READY)")
    press(terminal, "zsh")
    terminal.send("\x15fulcrumctl show \x18l\x18p")
    offered = terminal.wait(r"(.*)<<fulcrumctl show >>")
    for name in ("backends", "services", "version"):
        compare("zsh", f"list with {name}", name in offered, True)
    terminal.end()


def main():
    home = tempfile.mkdtemp()
    os.chdir(home)
    for name in ("bin", "functions", "places"):
        os.mkdir(name)
    open("pools.yaml", "w").close()
    for path in programs:
        os.symlink(path, f"bin/{os.path.basename(path)}")
    os.environ["PATH"] = f"{home}/bin:{os.environ['PATH']}"
    os.environ["HOME"] = home
    os.environ["FULCRUM_CHANNEL"] = f"{home}/channel"
    serving = subprocess.Popen([daemon, f"{home}/channel"], stdout=subprocess.PIPE)
    serving.stdout.read(1)
    try:
        for line, wanted in OFFERS:
            compare("bash", line, ask_bash(line), wanted)
            if shutil.which("fish"):
                compare("fish", line, ask_fish(line), wanted)
        in_bash()
        if shutil.which("zsh"):
            in_zsh(home)
    finally:
        serving.kill()
        serving.wait()
        shutil.rmtree(home)
    print("\n".join(failed))
    for shell in ("zsh", "fish"):
        if not shutil.which(shell):
            print(f"{shell} is not installed: its completions were not tried")
    return 1 if failed else 0


sys.exit(main())
