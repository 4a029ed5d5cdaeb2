// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_CONTROL_PRIVATE_H
#define CONTROL_CONTROL_PRIVATE_H

#include <channel/channel.h>
#include <channel/message.h>
#include <config/config.h>
#include <control/commit.h>
#include <control/control.h>
#include <control/edition.h>
#include <control/floor.h>
#include <control/flows.h>
#include <control/half_open.h>
#include <control/job.h>
#include <control/registry.h>
#include <control/standing.h>
#include <control/state.h>
#include <health/health.h>
#include <kernel/announcer.h>
#include <kernel/kernel.h>
#include <snapshot/snapshot.h>
#include <stdio.h>

struct event;
struct exporter;

// What is known of a backend beside its configuration; by the backend's index.
struct control_backend {
	struct kernel_next_hop hop;
	enum health_status health;
	enum health_status recalled; // from before a restart; stands in while 'health' is unknown
	struct floor_mark floor;
	uint8_t port; // the pipeline's number of the port that its next hop is behind
	bool resolved; // the hop has a MAC and is behind one of our ports
	bool is_probed; // the health room speaks of this backend when it names the index
	// Likewise of the probes beside its pool's own, a bit for each number.
	uint16_t probes_put;
	uint16_t probes_up;
	uint16_t probes_down;
	uint16_t recalled_up;
	uint16_t recalled_down;
	uint64_t probes_since_s; // wall clock: when one of them last changed
	uint64_t since_s; // wall clock: when 'health' began
	uint64_t drain_until_s; // wall clock: the deadline; 0: none
	enum message_then drain_then;
	bool drain_is_over;
	uint64_t ramp_from_s; // wall clock: the start of its slow start; 0: there is none
	uint8_t held_back; // tenths of its weight that its slow start withholds
	uint32_t
		half_open_next; // of its pool's services: whose turn it is to be probed through the path
	uint64_t leaving_s; // wall clock: since when it is CONFIG_STATE_LEAVING; 0
};

// A VIP of the running configuration, with its services.
struct control_vip {
	struct addr address;
	uint32_t first_service; // in the edition's services_by_vip
	uint32_t service_count;
	uint8_t mode; // enum config_announce_mode; with NONE the rest is not used
	enum standing standing;
	uint32_t hold_ms;
	uint64_t held_at_ns; // with STANDING_HOLDING: when its time is over
	uint64_t since_s; // wall clock: when it was announced, or was no longer
};

// The zones of the service at hand, for 'show zones'.
struct zone_rows {
	uint32_t service; // where the next one stands in the configuration
	struct message_row_zone *rows;
	uint32_t count;
	uint32_t next;
};

// The flows of each backend, counted in steps over the workers' tables.
struct census {
	uint32_t *flows; // by the backend's index
	uint32_t *oldest_s; // the age of its oldest flow
	uint32_t worker; // whose table is counted
	uint32_t bucket;
};

// Long answers, sent as the reply ring takes them.
struct reply {
	enum {
		REPLY_NONE,
		REPLY_WAIT, // for a job
		REPLY_CENSUS,
		REPLY_FLOWS,
		REPLY_EXPLAIN,
		REPLY_ROWS,
		REPLY_TEXT,
		REPLY_PLAN,
		REPLY_GRACE, // DONE comes when no worker uses an older snapshot
		REPLY_END
	} step;
	enum message_show_what what;
	bool held; // control->message waits for room in the ring
	bool is_lost; // the session that asked is over
	bool wants_text; // of the running configuration, by a job
	uint32_t next; // row
	struct census census;
	uint32_t pool; // whose 'shares' there are; UINT32_MAX
	uint64_t *shares; // slots of each of the pool's backends, by the backend's index
	uint64_t share_whole; // of all of them
	struct flows_listing listing;
	struct zone_rows zones;
	struct message_explain packet; // that is to be explained
	char *text; // lines, or one YAML
	size_t text_size;
	size_t text_sent;
	bool text_is_lines;
	struct message_row_plan *plan; // rows to send after the text
	uint32_t plan_count;
	bool waits_for_grace;
	uint64_t grace_until_ns; // then it is an error
	uint64_t changes;
};

// A configuration that is taken back unless it is confirmed in time. It is not saved before: a restart takes it back, too.
struct trial {
	struct config *before; // that comes back; NULL: nothing waits
	uint64_t version_before;
	uint64_t until_ns;
	struct history_entry who; // applied it
};

// The records that a client has sent since it began a transaction.
struct transaction {
	struct config *config; // NULL: none is open
	struct message_apply header;
	int code; // why it cannot be committed, a positive errno; 0
	struct error error;
};

// A capture, and the file that it goes into.
struct recording {
	struct capture *capture; // NULL: none goes on
	struct event *timer;
	uint64_t packets_max;
	uint64_t until_ns;
	bool is_withdrawn; // the workers are to leave it
	uint64_t token; // when they have
	struct message_row_capture told; // stays when it is over
};

// Probes to begin and to end, and how far that got.
struct target_changes {
	uint32_t *drops;
	uint32_t drop_count;
	uint32_t dropped;
	struct probe_put *puts; // in the running edition
	uint32_t put_count;
	uint32_t put;
};

struct control {
	struct event_base *base;
	struct control_config config;
	struct channel_server *server;
	struct kernel *kernel;
	struct announcer *announcer; // NULL until the daemon has begun
	struct health *health;
	struct half_opens *half_opens;
	struct job *job;
	struct event *poll_timer;
	struct event *rebuild_event;
	struct event *resolve_event;
	struct event *targets_event;
	struct event *solicit_timer;
	struct event *age_timer;
	struct event *link_timer;
	struct event *watchdog_timer; // NULL: no service manager waits for a sign of life
	struct event *solicit_event;
	struct event *trial_timer;
	struct event *save_timer; // the health, on disk
	struct exporter *exporter; // NULL: there is none
	struct event *forget_timer; // what was recalled
	struct event *hold_timer; // the next VIP that is to be announced again
	struct channel_message message; // the request, and then the reply, at hand

	struct edition *running;
	uint64_t version; // of the running configuration; 0: there was no apply yet
	uint64_t applied_s;
	bool is_saved; // the state folder has it
	uint64_t apply_start_ns; // of the apply whose grace period goes on; 0
	uint64_t apply_us;
	uint64_t started_s;
	uint64_t snapshots;
	uint64_t requests; // over the channel
	uint64_t applies; // changes of the configuration by clients
	uint64_t apply_failures;
	struct registry backends; // of a commit's job alone, but for the capacities
	struct registry services;
	struct control_backend *states; // by the backend's index
	struct control_backend *states_copy; // a job's
	struct metrics_traffic
		*backend_baselines; // what was counted before the index had its present owner
	struct metrics_traffic *service_baselines;
	struct control_vip *vips; // in the order of their addresses
	struct control_vip *vips_before; // as much room, for the next ones
	uint32_t vip_count;
	struct target_changes targets;
	uint32_t resolve_next;
	uint32_t resolve_left;
	bool resolve_changed;
	uint64_t rounds; // of control_resolve_all(), so far
	uint32_t solicit_next;
	uint32_t ifindexes[DAEMON_PORTS_MAX]; // of the kernel-side interfaces, 0 for none
	bool link_is_down[DAEMON_PORTS_MAX];
	uint64_t watchdog_token;
	bool watchdog_waits; // for a worker

	struct transaction transaction;
	struct reply reply;
	struct trial trial;
	struct recording recording;

	// What the jobs are about. One runs at a time, in this order.
	struct commit *commit; // asked for, and not concluded; NULL
	bool rebuild_due;
	bool health_save_due;
	struct build build;
	int rebuild_rc;
	struct error rebuild_error;
};

// --- apply.c: a configuration becomes the running one ---

// Takes 'config' over, whose records nobody has checked, and answers when it is in force and saved, or why not. With
// 'confirm_s' it is taken back after so long, see confirm.c.
void control_commit(struct control *control, struct config *config, uint32_t confirm_s);
void control_set_backend(struct control *control, const struct message_backend_set *set);
void control_rollback(struct control *control, uint64_t version);
// Takes 'config' over and answers what a commit of it would change, and cost.
void control_plan(struct control *control, struct config *config);
void control_forecast_start(struct control *control);
// NULL without memory.
struct commit *control_commit_new(struct control *control);
// Takes the commit over (NULL: there was no memory for it) and starts it, or answers why not.
void control_commit_start(struct control *control, struct commit *commit);
void control_prepare_start(struct control *control);
void control_build_start(struct control *control);
void control_conclude_start(struct control *control);

// --- confirm.c: what is taken back unless it is confirmed ---

// What a commit with 'confirm_s' put in force begins to wait.
void control_trial_begin(struct control *control, struct commit *commit);
void control_trial_end(struct control *control);
// It could not be taken back: it is tried again soon.
void control_trial_retry(struct control *control);
// When the time is over.
void control_trial_over(int fd, short what, void *context);
// Seconds that are left, at least 1; 0: nothing waits.
uint32_t control_trial_left_s(const struct control *control);
// A client's word. Answers.
void control_confirm(struct control *control, bool takes_back);

// --- install.c: what a commit made comes in force ---

void control_install(struct control *control, struct commit *commit);
// Fits a state to the edition where its backend stands at 'at'. True: that changed it.
bool control_backend_touch(struct control_backend *state, const struct edition *edition,
	uint32_t at, bool is_stranger, uint64_t now_s);

// --- start.c: what a daemon begins with ---

// 0, or a negative errno with the sentence.
int control_start(struct control *control, struct error *err);

// --- targets.c: the probes of the running configuration ---

void control_targets_take(struct control *control, struct commit *commit);
void control_targets_step(int fd, short what, void *context);
bool control_targets_pending(const struct control *control);
void control_targets_forget(struct control *control);

// --- rebuild.c: what is known becomes a snapshot ---

// For a build by a job that is about to start.
void build_begin(struct control *control, struct build *out);
void control_publish(struct control *control, struct snapshot *snapshot);
void control_rebuild_start(struct control *control);
// At the start, without a job. 0, or a negative errno with the sentence.
int control_rebuild_now(struct control *control, struct error *err);
void control_rebuild_due(int fd, short what, void *context);
// Soon, once for many changes.
void control_rebuild_later(struct control *control);
// What the packets on the way to a backend may have, from the outer IP header on.
uint16_t control_path_mtu(const struct control *control, const struct control_backend *state);
enum backend_status control_backend_status(
	const struct config_backend *backend, const struct control_backend *state, uint32_t probe);
// What the probe of that number says.
enum health_status control_probe_health(const struct control_backend *state, uint32_t probe);

// --- announce.c: which VIPs are announced ---

// The running configuration is another one.
void control_announce_take(struct control *control);
// What is known of backends may have changed.
void control_announce(struct control *control);
void control_announce_due(int fd, short what, void *context);
// The first of its services that has too few backends, and how many. NULL: the VIP has its quorum.
const struct config_service *control_vip_find_lack(
	const struct control *control, const struct control_vip *vip, uint32_t *usable);
// With STANDING_HOLDING: until it is announced.
uint32_t control_vip_hold_left_ms(const struct control_vip *vip);
// rows_vip.c: why a VIP is not announced, or not yet; "".
void control_vip_explain(
	const struct control *control, const struct control_vip *vip, char *out, size_t size);

// --- resolve.c, solicit.c: next hops ---

// Of the backends that a commit adds, into the states that it builds from: begin, then steps while true.
void control_resolve_begin(struct control *control, struct commit *commit);
bool control_resolve_commit(struct control *control, struct commit *commit);
void control_resolve_take(struct control_backend *state, const struct control_backend *from);
// Asks for all again where a round began meanwhile, or goes on.
void control_resolve_installed(struct control *control, const struct commit *commit);

void control_resolve_all(struct control *control);
void control_resolve_step(int fd, short what, void *context);
void control_solicit(int fd, short what, void *context);
void control_solicit_step(int fd, short what, void *context);

// --- links.c: the ports' cables ---

void control_follow_links(int fd, short what, void *context);

// --- watchdog.c ---

// 0 or -ENOMEM.
int control_watchdog_start(struct control *control);

// --- age.c: what ends by the clock ---

// A backend's health changed: its slow start begins, or there is none.
void control_begin_ramp(const struct config_pool *pool, struct control_backend *state);
void control_age(int fd, short what, void *context);
// The deadline that comes with an operator's word on a backend of the running edition, or the end of one.
void control_take_drain(struct control *control, const struct message_backend_set *set);

// --- health.c: what the probes say ---

// The health room's callback.
void control_health_changed(
	void *context, uint32_t index, enum health_status status, const char *reason);

// What the tables go by: the probes' word, or what stands in for it.
enum health_status control_health_in_force(const struct control_backend *state);

// --- keep.c: the floors of pools ---

// A backend that served fails by its probes: it is lost, or kept.
void control_floor_lose(
	struct control *control, const struct config_pool *pool, struct control_backend *state);
void control_floor_recover(
	struct control *control, const struct config_pool *pool, struct control_backend *state);
// Once a second. True: somebody is kept no longer.
bool control_floor_age(struct control *control);
uint32_t control_floor_kept(const struct control *control, const struct config_pool *pool);

// --- recall.c: the health over a restart ---

// When the running configuration is there. 0 or -ENOMEM.
int control_recall_health(struct control *control);
// Reads it once more, for ports that only the running configuration has. False: there is nothing.
bool control_recall_lines(struct control *control);
void control_save_health_later(struct control *control);
void control_save_health_start(struct control *control);

// --- capture.c: packets into a file ---

// Both answer.
void control_capture_begin(struct control *control, const struct message_capture *request);
void control_capture_end(struct control *control, uint64_t id);
// When no worker runs any more.
void control_capture_free(struct control *control);

// --- server.c: the channel ---

void control_poll(int fd, short what, void *context);
void control_poll_now(struct control *control);
// Starts the next job that is wanted.
void control_work(struct control *control);

// --- transaction.c ---

void transaction_begin(struct control *control);
void transaction_add(struct control *control, enum message_type type);
// Commits it, or tells what that would do.
void transaction_commit(struct control *control, bool is_plan);
void transaction_forget(struct transaction *transaction);

// --- explain.c ---

// 0, or a negative errno with the sentence.
int control_explain_check(const struct message_explain *request, struct error *err);
// Fills control->message with row number 'row' about control->reply.packet. False: there are no more.
bool control_explain_row(struct control *control, uint32_t row);

// --- reply.c, census.c, rows.c ---

// How soon to look again.
enum pace { PACE_NOW, PACE_SOON, PACE_QUIET };

void control_reply_error(struct control *control, int code, const char *text);
void control_reply_done(struct control *control, uint64_t changes);
// Takes 'text' over: lines to send before the DONE, after the grace period of what was published.
void control_reply_commit(struct control *control, char *text, size_t size, uint64_t changes);
// Takes both over, and sends them before the DONE.
void control_reply_plan(struct control *control, struct commit *commit);
void control_show(struct control *control, enum message_show_what what);
void control_explain(struct control *control, const struct message_explain *request);
void control_show_start(struct control *control);
void control_show_flows(struct control *control, const struct message_flows *request);
bool control_reply_is_active(const struct control *control);
// Goes on with the answer at hand.
enum pace control_reply_step(struct control *control);
void control_reply_forget(struct control *control);

// 0 or -ENOMEM.
int census_begin(struct census *census, uint32_t capacity);
void census_end(struct census *census); // a zeroed one is fine
// Counts some more. False: that was all.
bool census_step(struct census *census, const struct control *control);

// Fills control->message with row number 'row'. False: there are no more.
bool control_row(struct control *control, enum message_show_what what, uint32_t row);
// zones.c: the next row; 'row' is not asked.
bool control_zone_row(struct control *control, uint32_t row, struct message_row_zone *out);
// Of all of its probes, enum message_health.
uint8_t control_backend_health(const struct control *control, uint32_t at);
// "port 3023 (service ssh)". Returns 'text'.
const char *control_probe_name(
	const struct control *control, uint32_t at, uint32_t probe, char *text, size_t size);
// Why the backend at 'at' is not up, or takes no new flow; see struct message_row_backend.
void control_backend_reason(const struct control *control, uint32_t at, char *out, size_t size);

#endif
