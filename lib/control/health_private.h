// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_HEALTH_PRIVATE_H
#define CONTROL_HEALTH_PRIVATE_H

#include <channel/message.h>
#include <commit/commits.h>
#include <config/config.h>
#include <health/health.h>
#include <stdbool.h>
#include <stdint.h>

// The probes of what runs, what they say of backends, and what follows from it.

struct control;
struct running_backend;
struct configuration;

// Probes to begin and to end, and how far that got.
struct target_changes {
	uint32_t *drops;
	uint32_t drop_count;
	uint32_t dropped;
	struct probe_put *puts; // in the running configuration
	uint32_t put_count;
	uint32_t put;
};

// --- targets.c: the probes of the running configuration ---

void control_targets_take(struct control *control, struct commit *commit);
void control_targets_step(int fd, short what, void *context);
bool control_targets_pending(const struct control *control);
void control_targets_forget(struct control *control);

// --- health.c: what the probes say ---

// The health room's callback.
void control_health_changed(
	void *context, uint32_t id, enum health_status status, const char *reason);

// --- recall.c: the health over a restart ---

// When the running configuration is there. 0 or -ENOMEM.
int control_recall_health(struct control *control);
// Reads it once more, for ports that only the running configuration has. False: there is nothing.
bool control_recall_lines(struct control *control);
void control_save_health_later(struct control *control);
bool control_save_health_start(void *context);

// --- age.c: what ends by the clock ---

// The slow start of one that was recalled as up has gone on for so long.
void control_recall_ramp(struct control *control, uint32_t index, uint32_t ramp_s);
// A backend's health changed: its slow start begins, or there is none.
void control_begin_ramp(const struct config_pool *pool, struct running_backend *state);
void control_age(int fd, short what, void *context);
// The deadline that comes with an operator's word on a backend of the running configuration, or the
// end of one. A backend that leaves, by its index: drained with a deadline, or disabled.
void control_take_leaving(
	struct control *control, const struct message_backend_set *set, uint32_t index);
void control_take_drain(
	struct control *control, const struct message_backend_set *set, uint32_t written);

#endif
