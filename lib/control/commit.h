// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_COMMIT_H
#define CONTROL_COMMIT_H

#include <base/clock.h>
#include <channel/message.h>
#include <control/selection.h>
#include <running/build.h>
#include <running/configuration.h>
#include <snapshot/snapshot.h>
#include <stdio.h>
#include <store/history.h>

// One change of the running configuration, from the wish to the answer:
//     prepare (job): check it, compare, number its records
//     resolve (loop, in steps): ask the kernel for the next hops of the backends that are new
//     build (job): the snapshot; it fails here at last, or not at all
//     install (loop): exchange the pointers, publish
//     conclude (job): say what changed, write the state file, free what was before

struct control;
struct saver_wish;

// A probe of the backend that stands at 'at', by its number.
struct probe_put {
	uint32_t at;
	uint32_t probe;
};

// What install() has to do with a backend's state.
#define COMMIT_STRANGER \
	(1u << 31) // what was known of the index is about another backend or address
struct commit {
	struct control *control; // for the loop alone

	// The wish: a whole configuration, the state and weight of backends, or an earlier version.
	struct config *config; // as an operator wrote it
	bool is_backend_set;
	enum {
		COMMIT_WANTED,
		COMMIT_PREPARING,
		COMMIT_RESOLVING,
		COMMIT_RESOLVED,
		COMMIT_BUILDING,
		COMMIT_DECIDED,
		COMMIT_CONCLUDING
	} step;
	struct message_backend_set set;
	struct selection selection; // whom it is about
	uint64_t rollback; // 0: it is none
	uint64_t if_version; // 0: whatever runs when its turn comes
	uint32_t confirm_s; // taken back unless confirmed within so long; 0: it is not
	bool is_forced; // nobody is asked, whatever it takes out of service
	bool is_confirmation; // of what runs: it is saved at last
	bool takes_back; // what was not confirmed
	bool is_kept; // of the state folder at the start: taken, whatever descriptors it wants
	uint32_t descriptors_own; // without probes
	bool is_plan; // nothing is installed: what it would change and cost is told
	bool reaps; // backends that left and have no flows any more: nothing else, and it is no version
	bool is_file; // the wish is what 'pools_path' says
	const char *pools_path;
	struct config *last_file; // what came from there last; NULL
	uint64_t last_file_version;
	bool is_own; // the daemon's: no client waits for the answer
	struct history_entry author; // who wants it, and how
	uint64_t version; // that it has if it is not the present one
	struct clock_stamp applied; // when its version came into force
	uint64_t start_ns;

	// Borrowed for prepare().
	struct flow_table *const *flows; // one a worker
	uint32_t worker_count;
	const struct configuration *running; // NULL at the start
	const struct config *left; // at the start: draining ones of it are leaving, too; NULL
	struct registry *backend_registry; // nobody else uses them meanwhile
	struct registry *service_registry;
	struct build build;

	// What prepare() made.
	struct config
		*all; // 'config' and the backends that are leaving; 'config' itself without any
	int rc;
	struct error err;
	uint32_t *selected; // where the backends of the selection stand in 'config'
	uint32_t selected_count;
	uint32_t *leaving; // indexes of those of them that leave, and are in no 'config'
	uint32_t leaving_count;
	bool is_equal; // to the running one: there is nothing to install
	struct configuration *configuration;
	struct registry_plan backend_plan; // carried out by build(), when nothing can fail any more
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
	uint32_t (*forecast_clock_s)(void *context); // NULL: the workers'
	void *forecast_clock_context;
	struct message_row_plan *rows; // of a plan
	uint32_t row_count;
	struct config *fallback; // with confirm_s: what is in force until then

	// For resolve().
	uint32_t resolve_next; // in 'touched'
	uint64_t rounds; // control->rounds when it began

	// For conclude(), and what it made.
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
	struct saver_wish *wish; // to keep it; NULL where there is nothing to keep, or no memory
	bool wants_saving;
};

// Where backend 'at' of 'config' stands in the running configuration, by name; CONFIGURATION_NONE.
uint32_t commit_find_running(struct commit *commit, const struct config *config, uint32_t at);
// Plans the indexes of commit->all's backends and commit->config's services, and sets commit->places (plan.c). 0, or a
// negative errno with the sentence. Parts of prepare(), as what follows.
int commit_plan(struct commit *commit);
// Reads 'pools_path' into commit->config, and what came from there last into commit->last_file (reload.c), and tells the log
// what it overwrites. 0, or a negative errno with the sentence. The first is a part of commit_read(), the other one of prepare().
int commit_read_pools(struct commit *commit);
void commit_tell_overwritten(const struct commit *commit);
// Sets commit->all (leaving.c). 0 or -ENOMEM with the sentence. A part of prepare().
int commit_find_leaving(struct commit *commit);

// Reads the wish where it is on a disk, on a thread that may wait for one; touches nothing but the commit.
void commit_read(struct commit *commit);

// Job functions; the context is a struct commit.
void commit_prepare(void *context);
void commit_build(void *context);
void commit_forecast(void *context); // instead of build() and conclude(), for a plan
void commit_conclude(void *context);
void commit_free(struct commit *commit); // NULL is fine

#endif
