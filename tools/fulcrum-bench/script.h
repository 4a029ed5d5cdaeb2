// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include <base/error.h>
#include <stdint.h>

// The simulator's script: a line is a moment, its events, divided by ';', happen at once, and after
// it every flow sends a packet. '#' begins a comment.
//
//     backend add NAME [WEIGHT]      backend remove NAME        backend weight NAME WEIGHT
//     backend drain NAME             backend undrain NAME       backend disable NAME
//     backend down NAME              backend up NAME            (it dies, and is there again)
//     probes fail NAME               probes pass NAME           (what is told of one that serves all the time)
//     slow_start DURATION            (of the pool, from now on)
//     zones NAME,NAME..              (the backends stand in them in turn)
//     zone down NAME                 zone up NAME
//     prefer NAME,NAME.. [FLOOR%]    (the zones that the service prefers)
//     balancer add                   balancer lose NUMBER       balancer restart NUMBER (its flows are forgotten)
//     flows renew PERCENT            (that share ends and begins anew)
//     flows add COUNT                (that many begin beside those that are open: a group of their own)
//     wait DURATION                  (nobody sends meanwhile)
//     expect none | own | share PERCENT
//
// 'expect' is about the line before: no flow broke; none broke but those of backends that are down
// or disabled; at most that share of all flows broke.

#define SCRIPT_NAME_SIZE 64

enum script_verb {
	SCRIPT_BACKEND_ADD,
	SCRIPT_BACKEND_REMOVE,
	SCRIPT_BACKEND_WEIGHT,
	SCRIPT_BACKEND_DRAIN,
	SCRIPT_BACKEND_UNDRAIN,
	SCRIPT_BACKEND_DISABLE,
	SCRIPT_BACKEND_DOWN,
	SCRIPT_BACKEND_UP,
	SCRIPT_PROBES_FAIL,
	SCRIPT_PROBES_PASS,
	SCRIPT_ZONES,
	SCRIPT_ZONE_DOWN,
	SCRIPT_ZONE_UP,
	SCRIPT_PREFER,
	SCRIPT_SLOW_START,
	SCRIPT_BALANCER_ADD,
	SCRIPT_BALANCER_LOSE,
	SCRIPT_BALANCER_RESTART,
	SCRIPT_FLOWS_RENEW,
	SCRIPT_FLOWS_ADD,
	SCRIPT_WAIT,
	SCRIPT_EXPECT_NONE,
	SCRIPT_EXPECT_OWN,
	SCRIPT_EXPECT_SHARE,
};

struct script_event {
	enum script_verb verb;
	uint32_t line;
	char name[SCRIPT_NAME_SIZE]; // a backend's or a zone's, or zones
	uint32_t number; // weight, balancer, seconds, flows
	double percent;
};

struct script {
	char *text; // the source, for what a report says of a line
	struct script_event *events;
	uint32_t count;
};

// 0 and '*out', or -EINVAL with "NAME:LINE: ..." in 'err', or -ENOMEM. 'name' stands in front of
// the sentences.
int script_parse(const char *name, const char *text, struct script *out, struct error *err);
// "-" is standard input. As script_parse(), or -EIO.
int script_load(const char *path, struct script *out, struct error *err);
void script_free(struct script *script);

#endif
