// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_REPLY_PRIVATE_H
#define CONTROL_REPLY_PRIVATE_H

#include <channel/message.h>
#include <commit/commits.h>
#include <forecast/flows.h>
#include <running/reason.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The answer that is being sent, in steps, as the reply ring takes it.

struct control;

// The next row of 'show zones'.
struct zone_rows {
	uint32_t service; // where it stands in the configuration
	uint32_t zone; // of its zones
};

// Long answers, sent as the reply ring takes them.
struct reply {
	enum {
		REPLY_NONE,
		REPLY_WAIT, // for a job
		REPLY_COUNTS,
		REPLY_FLOWS,
		REPLY_EVENTS,
		REPLY_EXPLAIN,
		REPLY_ROWS,
		REPLY_TEXT,
		REPLY_LOSS,
		REPLY_PLAN,
		REPLY_KEEP, // until the state folder has it, or has had its time
		REPLY_GRACE, // DONE comes when no worker uses an older snapshot
		REPLY_END
	} step;
	enum message_show_what what;
	bool held; // control->message waits for room in the ring
	bool is_lost; // the session that asked is over
	bool wants_job; // that writes the text or measures the memory
	uint32_t next; // row
	uint64_t count_round; // that is waited for
	uint32_t pool; // whose 'shares' there are; UINT32_MAX
	uint64_t *shares; // slots of each of the pool's backends, by the backend's index
	uint64_t share_whole; // of all of them
	struct flows_listing listing;
	uint64_t event; // the last one sent
	struct zone_rows zones;
	struct message_explain packet; // that is to be explained
	struct message_row_memory *memory; // MEMORY_ROWS_MAX
	uint32_t memory_count;
	struct history_entry *history; // HISTORY_MAX
	uint32_t history_count;
	char *text; // lines, or one YAML
	size_t text_size;
	size_t text_sent;
	bool text_is_lines;
	char *loss; // lines
	size_t loss_size;
	size_t loss_sent;
	int refusal_code; // that ends it, a positive errno; 0
	struct error refusal;
	struct message_row_plan *plan; // rows to send after the text
	uint32_t plan_count;
	uint64_t reading; // that is waited for (saving_private.h); 0
	uint64_t reading_until_ns;
	bool waits_for_grace;
	uint64_t keep_until_ns;
	uint64_t grace_until_ns; // then it is an error
	uint64_t changes;
};

// How soon to look again.
enum pace { PACE_NOW, PACE_SOON, PACE_QUIET };

void control_reply_error(struct control *control, int code, const char *text);
void control_reply_done(struct control *control, uint64_t changes);
// What it takes out of service, if that is why, and then the error.
void control_reply_refusal(struct control *control, struct commit *commit);
// Takes 'text' over: lines to send before the DONE, after the grace period of what was published.
void control_reply_commit(struct control *control, char *text, size_t size, uint64_t changes);
// Takes both over, and sends them before the DONE.
void control_reply_plan(struct control *control, struct commit *commit);
bool control_reply_is_active(const struct control *control);
// Goes on with the answer at hand.
enum pace control_reply_step(struct control *control);
void control_reply_forget(struct control *control);

// --- show.c: how the answer to a question begins ---

void control_show(struct control *control, enum message_show_what what);
// The start function of the job that reply.wants_job asks for (jobs.h).
bool control_show_start(void *context);
void control_show_flows(struct control *control, const struct message_flows *request);
void control_show_events(struct control *control, const struct message_events *request);
void control_explain(struct control *control, const struct message_explain *request);

// --- The rows ---

// Fills control->message with row number 'row'. False: there are no more.
bool control_row(struct control *control, enum message_show_what what, uint32_t row);
// zones.c: the next row; 'row' is not asked.
bool control_zone_row(struct control *control, uint32_t row, struct message_row_zone *out);
// What reasons of backends are told from (rows_backend.c).
struct reason_source control_reason_source(const struct control *control);

// memory.c: a job's, into the reply's 'memory'; NULL without memory for it.
#define MEMORY_ROWS_MAX 32
void control_measure_memory(struct control *control);

// rows_event.c: the next event. False: there are no more.
bool control_event_row(struct control *control, struct message_row_event *out);

#endif
