# SPDX-License-Identifier: BSD-3-Clause
"""fulcrum-bench pipeline --baseline: another program is asked for the same, in turns, and medians are told.
  bench_baseline.py FULCRUM_BENCH"""
import json
import os
import subprocess
import sys
import tempfile

SMALL = ["--no-huge", "--rounds", "1", "--packets", "2k", "--flows", "7"]


def stub(path, text):
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def compare(bench, baseline, *options):
    return subprocess.run([bench, "pipeline", "--baseline", baseline, *SMALL, *options],
                          capture_output=True, text=True, timeout=100)


def bad_baselines_end_the_comparison(bench, folder):
    told = '{"gross_ns": 1, "generator_ns": 1, "macswap_ns": 1, "net_ns": 1}'
    for name, text in ("fails", f"echo '{told}'; exit 1\n"), ("silent", ""), ("halves", "echo '{\"gross_ns\": 1}'\n"):
        done = compare(bench, stub(f"{folder}/{name}", text), "--turns", "1")
        assert done.returncode == 1 and name in done.stderr and not done.stdout, (name, done)
    done = compare(bench, f"{folder}/nowhere", "--turns", "1")
    assert done.returncode == 1 and "cannot be run" in done.stderr, done
    done = compare(bench, f"{folder}/fails", "--turns", "0")
    assert done.returncode == 2, done


def medians_of_turns_are_told(bench, folder):
    """Its figures are 20, 30, 100 times the first one's: the median is the second turn's, whatever their order."""
    said = stub(f"{folder}/said", f"""echo "$*" >>{folder}/asked
case $(wc -l <{folder}/asked) in 1) f=20 ;; 2) f=100 ;; *) f=30 ;; esac
echo "{{\\"gross_ns\\": 2$f.5, \\"generator_ns\\": $f, \\"macswap_ns\\": $f.5, \\"net_ns\\": $f.25}}"
""")
    done = compare(bench, said, "--turns", "3", "--json", "--mode", "dsr", "--services=3")
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    assert told["turns"] == 3
    assert told["baseline"] == {"gross_ns": 230.5, "generator_ns": 30, "macswap_ns": 30.5, "net_ns": 30.25,
                                "gross_ns_least": 220.5, "generator_ns_least": 20, "macswap_ns_least": 20.5,
                                "net_ns_least": 20.25}, told
    assert set(told["ours"]) == set(told["baseline"]) and told["ours"]["gross_ns"] > 0, told
    with open(f"{folder}/asked") as file:
        asked = file.read().splitlines()
    options = "--no-huge --rounds=1 --packets=2k --flows=7 --mode=dsr --services=3"
    assert asked == [f"pipeline --json {options}"] * 3, asked


def ratios_are_ours_by_its(bench, folder):
    said = stub(f"{folder}/said", """echo '{"gross_ns": 50, "generator_ns": 10, "macswap_ns": 20, "net_ns": 5}'\n""")
    told = json.loads(compare(bench, said, "--turns", "1", "--json").stdout)
    for figure, baseline in ("gross", 50), ("generator", 10), ("macswap", 20), ("net", 5):
        expected = told["ours"][figure + "_ns"] / baseline
        for ratio in figure, figure + "_least":
            assert abs(told["ratio"][ratio] / expected - 1) < 0.001, (figure, told)


def a_program_compares_with_itself(bench, _):
    done = compare(bench, bench, "--turns", "2")
    assert done.returncode == 0 and "gross" in done.stdout and "net" in done.stdout, done


def main():
    bench = sys.argv[1]
    tests = bad_baselines_end_the_comparison, medians_of_turns_are_told, ratios_are_ours_by_its, a_program_compares_with_itself
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            test(bench, folder)
        print("ok:", test.__name__.replace("_", " "))


if __name__ == "__main__":
    main()
