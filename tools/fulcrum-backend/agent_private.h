// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_AGENT_PRIVATE_H
#define FULCRUM_BACKEND_AGENT_PRIVATE_H

#include "agent.h"
#include "host.h"
#include "layout.h"
#include "lock.h"
#include "pin.h"
#include "program.h"

struct agent_watch; // opaque

// For agent*.c only.
struct agent {
	bool ready_is_untold; // the service manager had no room for it
	const struct config *config;
	struct program *program;
	struct pin pin;
	struct host_view view;
	struct fb_state state; // what this agent changed, or is about to change
	struct fb_state previous; // what the one before did; all zero when there was none
	int locks[FB_LINKS_MAX]; // of the state's links; -1: none
	struct agent_watch *watch;
};

// Finds the configured interfaces, locks them, and notes them in the state; changes nothing.
int agent_find_links(struct agent *agent, struct error *err);
void agent_unlock_links(struct agent *agent);

// Notes in the state what agent_raise_arp() and agent_add_vips() are about to change, and how it
// was: it has to outlive this process from the first change on.
int agent_plan(struct agent *agent, struct error *err);

// Notes what is not right about the host's addresses by the present view, and says what is new.
void agent_note(struct agent *agent);

// Makes one interface as it should be: both filters. Follows it where it was renamed, and takes the
// one that came in its place under the configured name. Returns how many filters it had to attach,
// -ENODEV while there is no such interface, another negative errno.
int agent_attach_link(struct agent *agent, struct fb_link *link, struct error *err);

// Raises arp_ignore and arp_announce of the interface, if that is wanted. -EACCES where it cannot.
int agent_raise_arp(struct agent *agent, struct fb_link *link, struct error *err);

// Puts the VIPs that are missing on lo, if that is wanted. Returns how many, negative errno.
int agent_add_vips(struct agent *agent, struct error *err);

// Takes back what 'was' lists and 'now' does not; with 'now' NULL all of it. What somebody changed
// since stays as it is, and that is said. Goes on past what fails, and returns the first failure.
int agent_take_back(struct fb_state *was, const struct fb_state *now, struct error *err);

// Gives up for good what a running agent does not need: rights, files, system calls (confine.h). A
// kernel that has no Landlock is said, and is no fault. Then agent_confine_tell(), now and then,
// says what was refused.
int agent_confine(const struct agent *agent, struct error *err);
void agent_confine_tell(void);

// The loop of a running agent: looks once a second that all is in place, and answers for metrics.
// From here on SIGTERM and SIGINT end agent_watch_run(), at once if they came before it.
// -EADDRINUSE and the like where nobody can ask it.
int agent_watch_new(struct agent *agent, struct agent_watch **out, struct error *err);
void agent_watch_run(struct agent_watch *watch);
void agent_watch_free(struct agent_watch *watch);

#endif
