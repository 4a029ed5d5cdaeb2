// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_VERBS_H
#define FULCRUMCTL_VERBS_H

// The verbs of fulcrumctl, in the order of the help. The help, the suggestions, the shells'
// completions and the reference's list are made from these rows; a verb's options and words are
// those of its argp_<id>. A new verb is a row here, and a file with argp_<id> and command_<id>(); a
// group has verbs_<id>[] instead.
//     VERB(id, name, arguments, what it does, kinds of its words as in struct usage_verb)
//     GROUP(id, name, arguments, what its verbs do)
#define CTL_VERBS(VERB, GROUP)                                                                     \
	VERB(check, "check", "-f FILE", "tell whether a pool file is right", NULL)                 \
	VERB(plan, "plan", "-f FILE", "tell what it would change, and what that would cost", NULL) \
	VERB(apply, "apply", "-f FILE", "put it in force, as one transaction", NULL)               \
	VERB(confirm, "confirm", "", "keep what an apply --confirm put in force", NULL)            \
	VERB(show, "show", "[WHAT [NAME]]", "tell what the balancer has and does", "VIEW NAME...") \
	GROUP(backend, "backend", "VERB NAME",                                                     \
		"drain, undrain, disable, enable or weigh a backend")                              \
	VERB(backend_setup, "backend-setup", "-f FILE",                                            \
		"print what makes a host without an agent fit to serve", NULL)                     \
	VERB(capture, "capture", "-w FILE", "write packets into a file, drops with their reason",  \
		NULL)                                                                              \
	VERB(flows, "flows", "", "list connections: whose, since when, to which backend", NULL)    \
	VERB(events, "events", "[OBJECT]", "list or follow what happened: health, links, applies", \
		"BACKEND...")                                                                      \
	VERB(explain, "explain", "PROTO A:P B:P", "tell what becomes of a packet, step by step",   \
		"tcp|udp CLIENT VIP")                                                              \
	VERB(digest, "digest", "", "print digests of what runs, to compare balancers", NULL)       \
	VERB(history, "history", "", "list the last applied configurations", NULL)                 \
	VERB(rollback, "rollback", "VERSION", "apply one of them anew", "VERSION")                 \
	GROUP(teleport, "teleport", "VERB FILE", "write or verify what a Teleport cluster needs")  \
	VERB(top, "top", "", "show services and backends live", NULL)                              \
	VERB(doctor, "doctor", "", "look whether the machine has what the daemon needs", NULL)

#endif
