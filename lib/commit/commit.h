// SPDX-License-Identifier: BSD-3-Clause
#ifndef COMMIT_COMMIT_H
#define COMMIT_COMMIT_H

#include <base/clock.h>
#include <base/error.h>
#include <channel/message.h>
#include <commit/selection.h>
#include <running/build.h>
#include <running/configuration.h>
#include <stdio.h>
#include <store/history.h>

// One change of the running configuration, from what is wanted to the answer. commits.h has what
// its steps are and who takes them; here is what it carries from one to the next. It belongs to the
// loop between its steps, and to the jobs' thread while one of them is done there.

struct commits;
struct flow_table;
struct saver_request;

enum commit_kind {
	COMMIT_APPLY, // a whole configuration: a client's, or that of the state folder at the start
	COMMIT_PLAN, // the same, but nothing is installed: what it would change and cost is told
	COMMIT_BACKENDS, // the state and weight of some backends
	COMMIT_ROLLBACK, // an earlier version
	COMMIT_FILE, // what the daemon's own file names
	COMMIT_CONFIRM, // what runs until it is confirmed, is
	COMMIT_REVERT, // what was not confirmed is taken back
	COMMIT_REAP, // backends that left and have no flows any more: nothing else, and no version
};

enum commit_step {
	COMMIT_WANTED,
	COMMIT_PREPARE,
	COMMIT_RESOLVE,
	COMMIT_FORECAST,
	COMMIT_BUILD,
	COMMIT_INSTALL,
	COMMIT_CONCLUDE,
	COMMIT_DONE,
	COMMIT_REFUSED,
	COMMIT_STEPS
};

// A probe of the backend that stands at 'at', by its number.
struct probe_put {
	uint32_t at;
	uint32_t probe;
};

// What installing has to do with a backend's state.
#define COMMIT_STRANGER \
	(1u << 31) // what was known of the index is about another backend or address

struct commit {
	struct commits *commits; // for the loop alone
	enum commit_kind kind;
	enum commit_step step;

	// --- What is wanted ---

	struct config *config; // as an operator wrote it
	struct message_backend_set set; // of COMMIT_BACKENDS
	struct selection selection; // whom it is about
	uint64_t rollback; // the version that COMMIT_ROLLBACK wants
	const char *pools_path; // that COMMIT_FILE reads
	struct config *last_file; // what came from there last; NULL
	uint64_t last_file_version;
	uint64_t if_version; // 0: whatever runs when its turn comes
	uint32_t confirm_s; // taken back unless confirmed within so long; 0: it is not
	bool is_forced; // nobody is asked, whatever it takes out of service
	bool is_of_start; // of the state folder: taken, whatever descriptors it wants
	bool is_own; // the daemon's: no client waits for the answer
	struct history_entry author; // who wants it, and how
	uint64_t version; // that it has if it is not the present one
	struct clock_stamp applied; // when its version came into force
	uint64_t start_ns;

	// --- Borrowed for prepare ---

	uint32_t descriptors_own; // without probes
	struct flow_table *const *flows; // one a worker
	uint32_t worker_count;
	const struct configuration *running; // NULL at the start
	const struct config *left; // at the start: draining ones of it are leaving, too; NULL
	struct registry *backend_registry; // nobody else uses them meanwhile
	struct registry *service_registry;
	struct build build;

	// --- What prepare made ---

	struct config
		*all; // 'config' and the backends that are leaving; 'config' itself without any
	int rc; // of the step at hand: 0, or a negative errno with the sentence
	struct error err;
	uint32_t *selected; // where the backends of the selection stand in 'config'
	uint32_t selected_count;
	uint32_t *leaving; // indexes of those of them that leave, and are in no 'config'
	uint32_t leaving_count;
	bool is_equal; // to the running one: there is nothing to install
	struct configuration *configuration;
	struct registry_plan backend_plan; // carried out by build, when nothing can fail any more
	struct registry_plan service_plan;
	uint32_t *places; // where each backend of 'all' stood before, or CONFIGURATION_NONE
	uint32_t next; // place that commit_find_running() tries first
	uint32_t *touched; // backends whose state changes with it, some with COMMIT_STRANGER
	uint32_t touched_count;
	uint32_t *new_backends; // indexes that nobody had, or somebody else
	uint32_t new_backend_count;
	uint32_t *new_services;
	uint32_t new_service_count;
	struct probe_put *puts; // probes that begin or change
	uint32_t put_count;
	uint32_t *drops; // probes to end, by id
	uint32_t drop_count;
	struct config *fallback; // with confirm_s: what is in force until then

	// --- For resolve ---

	uint32_t resolve_next; // in 'touched'
	uint64_t rounds; // that the loop had begun when it began

	// --- What forecast made ---

	uint32_t (*forecast_clock_s)(void *context); // NULL: the workers'
	void *forecast_clock_context;
	struct message_row_plan *rows;
	uint32_t row_count;

	// --- For conclude, and what it made ---

	struct configuration *before; // freed by it
	const struct configuration *now;
	bool is_installed; // 'configuration' is no longer the commit's own
	const char *state_folder;
	char *text; // a line a change
	size_t text_size;
	char *loss; // a line for each thing that it takes out of service, where that is much; NULL
	size_t loss_size;
	uint64_t changes;
	bool is_saved; // there is nothing to keep
	struct saver_request *save; // to keep it; NULL where there is nothing to keep, or no memory
	bool wants_saving;
};

// Reads what is wanted where it is on a disk (COMMIT_ROLLBACK, COMMIT_FILE), on a thread that may
// wait for one; touches nothing but the commit.
void commit_read(struct commit *commit);

// The steps that are jobs; the context is a struct commit.
void commit_prepare(void *context);
void commit_forecast(void *context);
void commit_build(void *context);
void commit_conclude(void *context);

void commit_free(struct commit *commit); // NULL is fine

#endif
