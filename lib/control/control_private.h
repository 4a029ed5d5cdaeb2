// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_CONTROL_PRIVATE_H
#define CONTROL_CONTROL_PRIVATE_H

#include <channel/channel.h>
#include <channel/message.h>
#include <config/config.h>
#include <control/control.h>
#include <control/registry.h>
#include <health/health.h>
#include <kernel/kernel.h>
#include <snapshot/snapshot.h>
#include <stdio.h>

struct event;

// What is known of a backend beside its configuration; by the backend's index.
struct control_backend {
	struct kernel_next_hop hop;
	enum health_status health;
	enum health_status recalled; // from before a restart; stands in while 'health' is unknown
	uint8_t port; // the pipeline's number of the port that its next hop is behind
	bool resolved; // the hop has a MAC and is behind one of our ports
};

// Long answers, sent as the reply ring takes them.
struct reply {
	enum { REPLY_NONE, REPLY_CENSUS, REPLY_ROWS, REPLY_TEXT, REPLY_GRACE, REPLY_END } step;
	enum message_show_what what;
	bool held; // control->message waits for room in the ring
	uint32_t next; // row, or bucket of the census
	uint32_t worker; // of the census
	uint32_t pool; // whose 'shares' there are; UINT32_MAX
	uint32_t *shares; // slots of each of the pool's backends, by the backend's index
	uint32_t *flows; // by the backend's index, as the census counts them
	char *text; // lines, or one YAML
	size_t text_size;
	size_t text_sent;
	bool text_is_lines;
	bool waits_for_grace; // DONE comes when no worker uses an older snapshot
	uint64_t changes;
};

struct control {
	struct event_base *base;
	struct control_config config;
	struct channel_server *server;
	struct kernel *kernel;
	struct health *health;
	struct event *poll_timer;
	struct event *rebuild_event;
	struct event *resolve_event;
	struct event *solicit_timer;
	struct event *save_timer; // the health, on disk
	struct event *forget_timer; // what was recalled
	struct channel_message message; // the request, and then the reply, at hand

	struct config *running;
	uint64_t version; // of the running configuration
	uint64_t applied_s;
	uint64_t commit_ns;
	uint64_t apply_us;
	uint64_t started_s;
	uint64_t snapshots;
	struct registry backends;
	struct registry services;
	struct control_backend *states; // by the backend's index
	uint32_t *backend_index; // of each of the running configuration's backends
	uint16_t *service_index; // of each of its services
	uint32_t resolve_next;
	bool resolve_changed;

	struct config *pending; // the transaction that is open; NULL
	struct message_apply pending_header;
	struct error pending_error; // why it cannot be committed; ""
	struct reply reply;
};

// --- apply.c: a configuration becomes the running one ---

// Takes 'config', which is finished, over. 0, or a negative errno with the sentence: then nothing changed and 'config' is
// still the caller's.
int control_commit(struct control *control, struct config *config, struct error *err);
// Commits, saves, and answers what changed; takes 'config' over.
void control_commit_and_reply(struct control *control, struct config *config);
void control_set_backend(struct control *control, const struct message_backend_set *request);

// --- rebuild.c: what is known becomes a snapshot ---

int control_rebuild(struct control *control, struct error *err);
// Soon, once for many changes.
void control_rebuild_later(struct control *control);
enum backend_status control_backend_status(
	const struct control *control, const struct config_backend *backend, uint32_t index);

// --- resolve.c: next hops ---

void control_resolve_all(struct control *control);
void control_resolve_step(int fd, short what, void *context);
void control_solicit(int fd, short what, void *context);

// --- state.c: the last committed configuration on disk ---

int control_save_state(struct control *control, struct error *err);
// NULL where there is none that can be used.
struct config *control_load_state(struct control *control);

// --- recall.c: the health over a restart ---

// When the running configuration is there. 0 or -ENOMEM.
int control_recall_health(struct control *control);
void control_save_health_later(struct control *control);

// --- server.c, reply.c, rows.c: the channel ---

void control_poll(int fd, short what, void *context);
void control_reply_error(struct control *control, int code, const char *text);
void control_reply_done(struct control *control, uint64_t changes);
// Takes 'text' over: lines to send before the DONE, after the grace period of what was published.
void control_reply_commit(struct control *control, char *text, size_t size, uint64_t changes);
void control_show(struct control *control, enum message_show_what what);
// Goes on with the answer at hand. True: there is more to send.
bool control_reply_step(struct control *control);
void control_reply_forget(struct control *control);

// Fills control->message with row number 'row'. False: there are no more.
bool control_row(struct control *control, enum message_show_what what, uint32_t row);

#endif
