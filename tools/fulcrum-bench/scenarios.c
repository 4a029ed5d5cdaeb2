// SPDX-License-Identifier: BSD-3-Clause
#include "scenarios.h"

#define ZONES \
	"zones a,b,c; prefer a,b 95%\nexpect none\nflows renew 100%\nexpect none\nwait 1h\nexpect none\n"

#define TWENTY                                                                  \
	"backend add x0\nexpect none\nbackend drain b0\nexpect none\n"          \
	"backend weight b1 50\nexpect none\nbackend add x1\nexpect none\n"      \
	"backend undrain b0\nexpect none\nbackend weight b2 200\nexpect none\n" \
	"backend remove b3\nexpect none\nbackend add x2\nexpect none\n"         \
	"backend weight b1 100\nexpect none\nbackend drain x0\nexpect none\n"   \
	"backend add x3\nexpect none\nbackend weight b5 1\nexpect none\n"       \
	"backend add b3\nexpect none\nbackend drain b6\nexpect none\n"          \
	"backend add x4\nexpect none\nbackend weight b2 0\nexpect none\n"       \
	"backend undrain x0\nexpect none\nbackend weight b2 100\nexpect none\n" \
	"backend drain b7\nexpect none\nbackend add x5\nexpect none\n"
#define LOST "balancer lose 1\nexpect none\n"

const struct scenario scenarios[] = {
	// No single event breaks a connection that could be kept.
	{"backend added", "backend add x0\nexpect none\n"},
	{"backend drained", "backend drain b3\nexpect none\n"},
	{"drain cancelled", "backend drain b3\nexpect none\nbackend undrain b3\nexpect none\n"},
	{"weight halved", "backend weight b3 50\nexpect none\n"},
	{"backend removed", "backend remove b3\nexpect none\n"},
	{"removed, put back", "backend remove b3\nexpect none\nbackend add b3\nexpect none\n"},
	{"weight to nothing", "backend weight b3 0\nexpect none\n"},
	{"balancer lost", "balancer lose 1\nexpect none\n"},
	{"balancer added", "balancer add\nexpect none\n"},
	{"balancer restarted", "balancer restart 1\nexpect none\n"},
	// What a backend takes with it is its own.
	{"backend dies", "backend down b3\nexpect own\n"},
	{"backend dies, comes back", "backend down b3\nexpect own\nbackend up b3\nexpect none\n"},
	{"backend disabled", "backend disable b3\nexpect own\n"},
	// Two things at the same moment, one of them a balancer's loss.
	{"added, balancer lost", "backend add x0; balancer lose 1\nexpect share 0.01%\n"},
	{"drained, balancer lost", "backend drain b3; balancer lose 1\nexpect share 0.01%\n"},
	{"removed, balancer lost", "backend remove b3; balancer lose 1\nexpect share 0.01%\n"},
	{"weight, balancer lost", "backend weight b3 50; balancer lose 1\nexpect share 0.01%\n"},
	{"dies, balancer lost", "backend down b3; balancer lose 1\nexpect own\n"},
	{"disabled, balancer lost", "backend disable b3; balancer lose 1\nexpect own\n"},
	{"all at once",
		"backend add x0; backend add x1; backend weight b1 50; backend drain b2; "
		"backend down b3; backend remove b4; backend disable b5; balancer lose 1; balancer add\nexpect own\n"},
	// Three zones of which the first is preferred: it fails by and by, spills, and comes back.
	{"zone spills over", ZONES "backend down b0; backend down b3; backend down b6\nexpect own\n"
				   "zone down a\nexpect own\nzone up a\nexpect none\n"},
	{"zone cut, balancer lost", ZONES "zone down a; balancer lose 1\nexpect own\n"},
	{"zone returns, balancer lost",
		ZONES "zone down a\nexpect own\nzone up a; balancer lose 1\nexpect share 0.01%\n"},
	{"preference changed, balancer lost",
		ZONES "prefer b,c; balancer lose 1\nexpect share 0.01%\n"},
	// Changes in a row: entries carry what the tables no longer know.
	{"20 changes", TWENTY},
	// A balancer is lost, and all tables since the connections began but theirs were in force
	// for a moment.
	{"probes fail, pass, lost",
		"probes fail b3\nexpect none\nwait 10s\nexpect none\nprobes pass b3\nexpect none\n" LOST},
	{"probes fail, lost meanwhile",
		"probes fail b3\nexpect none\nwait 10s\nexpect none\n" LOST},
	{"probes flap, lost",
		"probes fail b3\nprobes pass b3\nprobes fail b4\nprobes pass b4\nprobes fail b3\n"
		"probes fail b5\nprobes pass b3\nprobes pass b5\nexpect none\n" LOST},
	{"added, probes fail, pass, lost",
		"backend add x0\nexpect none\nwait 1m\nexpect none\nprobes fail b3\nexpect none\n"
		"wait 10s\nexpect none\nprobes pass b3\nexpect none\n" LOST},
	{"added by slow start, lost",
		"slow_start 20s; backend add x0\nexpect none\nwait 25s\nexpect none\n" LOST},
	{"probes fail, pass, slow start, lost",
		"slow_start 20s; probes fail b3\nexpect none\nwait 5s\nexpect none\n"
		"probes pass b3\nexpect none\nwait 10s\nexpect none\n" LOST},
	{"drained, undrained, lost",
		"backend drain b3\nexpect none\nwait 1m\nexpect none\nbackend undrain b3\nexpect none\n" LOST},
	{"removed, put back, lost",
		"backend remove b3\nexpect none\nwait 1m\nexpect none\nbackend add b3\nexpect none\n" LOST},
	{"two changes, lost", "backend add x0\nexpect none\nbackend drain b3\nexpect none\n" LOST},
	{"20 changes, lost", TWENTY LOST},
	{"changed, 1 h later lost", "backend add x0\nexpect none\nwait 1h\nexpect none\n" LOST},
	{"zone returns, lost", ZONES "zone down a\nexpect own\nzone up a\nexpect none\n" LOST},
	{"zone returns by slow start, lost",
		"slow_start 20s\n" ZONES "zone down a\nexpect own\nwait 10s\nexpect none\n"
		"zone up a\nexpect none\nwait 15s\nexpect none\n" LOST},
	// Beyond the promise: what no table knows of all connections.
	{"20% new since a change, lost",
		"backend add x0\nexpect none\nflows renew 20%\nexpect none\nbalancer lose 1\n"},
	{"three added, a group after each, lost",
		"backend add x0\nflows add 20000\nbackend add x1\nflows add 20000\n"
		"backend add x2\nflows add 20000\nbalancer lose 1\n"},
	{"dies, comes back, lost",
		"backend down b3\nexpect own\nbackend up b3\nexpect none\nbalancer lose 1\n"},
};

const uint32_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
