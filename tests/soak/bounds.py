# SPDX-License-Identifier: BSD-3-Clause
"""What a daemon may hold, however long it runs: judged by samples, one a second, of all the daemons of a soak."""

WARM_S = 10  # what a daemon has by then is what it needs
# Above the least of the warm daemons:
RSS_KIB = 24 * 1024
DESCRIPTORS = 32  # probes, a client, files being written
THREADS = 4
# What a log may say, over the whole soak.
LINES_AN_EVENT = 40
LINES_A_MINUTE = 30


def figures_of(samples, key):
    values = [sample[key] for sample in samples]
    return {"least": min(values), "last": values[-1], "most": max(values)}


def judge(samples, balancer, history, seconds):
    """{failures, figures, words}"""
    failures = []
    born = {}
    for sample in samples:
        born.setdefault(sample["pid"], sample["at"])
    warm = [sample for sample in samples if sample["at"] - born[sample["pid"]] >= WARM_S]
    if not warm:
        return {"failures": [], "figures": {}, "words": "too short to judge what it holds"}
    figures = {}
    for key, bound in (("rss_kib", RSS_KIB), ("descriptors", DESCRIPTORS), ("threads", THREADS)):
        row = figures[key] = figures_of(warm, key)
        if row["most"] > row["least"] + bound:
            failures.append(f"{key}: {row['most']}, which is more than {bound} above {row['least']}")
    lines = len(balancer.log_lines(0))
    figures["log_lines"] = lines
    allowed = LINES_AN_EVENT * (len(history) + 1) + LINES_A_MINUTE * seconds / 60
    if lines > allowed:
        failures.append(f"the log has {lines} lines, more than {allowed:.0f} for {len(history)} events")
    figures["series"] = warm[::max(1, len(warm) // 200)]
    words = (f"RSS {figures['rss_kib']['least'] // 1024} to {figures['rss_kib']['most'] // 1024} MiB, "
             f"{figures['descriptors']['most']} descriptors, {figures['threads']['most']} threads, {lines} lines of log")
    return {"failures": failures, "figures": figures, "words": words}
