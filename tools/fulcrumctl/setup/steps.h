// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_SETUP_STEPS_H
#define FULCRUMCTL_SETUP_STEPS_H

#include "host.h"

// What makes a host fit to serve, step by step: one list, which the script does, undoes and looks
// for. All texts are shell, and may use the variables of 'struct setup_steps'. One thread.

enum setup_kind {
	SETUP_COMMAND,
	SETUP_CHAIN, // of nft's table; 'command' is what stands at its head
	SETUP_RULE, // in the chain before it; 'command' is the rule
	SETUP_NEED, // of the host, before anything is changed: 'command' is what the operator does
	SETUP_LOOK, // nothing that the script could do: 'command' says what the operator does
};

struct setup_step {
	enum setup_kind kind;
	char *what; // "VIP 203.0.113.10 on fulcrum-ipip"; no two steps have the same
	char *why; // a sentence or two; NULL: said by the step before
	bool is_why_said; // by an earlier step
	char *test; // a function of the script and its arguments: true where the step is done
	char *command;
	char *script; // how the script does it, if that is not 'command'; a chain's name
	char *undo; // NULL: goes with another step
};

#define SETUP_TABLE  "fulcrum_backend" // nft's, of family inet
#define SETUP_IPIP   "fulcrum-ipip"
#define SETUP_SIT    "fulcrum-sit"
#define SETUP_IP6TNL "fulcrum-ip6tnl"

struct setup_options {
	bool is_tracked; // leave connections to the host's connection tracking
	uint16_t mtu; // of the way from the balancers; 0: the interface's
};

struct setup_steps {
	struct setup_step *steps;
	uint32_t count;
	uint32_t room;
	void *names; // tsearch()'s trees, of each 'what' and each 'why'
	void *whys;
	bool failed; // out of memory: the list is not whole
	// What the texts use: dev4 and dev6, the interfaces of the host's addresses; mtu4 and mtu6,
	// their MTU.
	bool uses_mtu4;
	bool uses_mtu6;
};

// 0 and '*out', or -ENOMEM.
int setup_steps_make(const struct setup_host *host, const struct setup_options *options,
	struct setup_steps *out);
void setup_steps_free(struct setup_steps *steps);

// A step whose 'what' is there already is left out. Takes the texts over; a NULL among those that
// must be there sets 'failed'.
void setup_steps_add(struct setup_steps *steps, struct setup_step step);
// NULL without memory.
char *setup_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The part for nft.
void setup_add_rules(struct setup_steps *steps, const struct setup_host *host,
	const struct setup_options *options);

#endif
