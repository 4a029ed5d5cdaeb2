// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_CONTROL_LAB_H
#define UNIT_CONTROL_LAB_H

#include <channel/channel.h>
#include <channel/message.h>
#include <config/config.h>
#include <stdbool.h>
#include <sys/types.h>

// A real control room in a child process, with real health and kernel rooms in a network namespace
// of the test's own and workers that only take up snapshots; the test is its client, as fulcrumctl
// is.

#define LAB_FOLDER_SIZE 64
#define LAB_SKIPPED     77 // what main() returns where there is no namespace

struct lab_options {
	uint32_t backends_max; // 0: 64
	uint32_t services_max; // 0: 16
	uint32_t workers; // that take up snapshots
	bool has_stuck_worker; // one more, that never does
	bool has_flows; // three in worker 0's table, two of them of the first backend
	bool asks; // an apply is not forced, as it is else
	uint16_t metrics_port; // on the loopback; 0: there is no page
	const char *kernel_interface; // of the one port there is; NULL: there is none
};

struct lab {
	char folder[LAB_FOLDER_SIZE]; // holds the channel and the state
	char channel[LAB_FOLDER_SIZE + 16];
	char state[LAB_FOLDER_SIZE + 16];
	struct lab_options options;
	pid_t pid; // of the daemon; 0: it does not run
	struct channel_client *client;
	struct channel_message message;
};

// A network namespace with an interface 'near' (192.0.2.1/24), and a route to 10.0.0.0/8 by a
// neighbour there whose address the kernel knows. False where this user may not make one, and says
// so.
bool lab_enter_namespace(void);
// Runs a line of shell; the test fails where that does.
void lab_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

void lab_init(struct lab *lab, const struct lab_options *options);
void lab_start(struct lab *lab);
// By SIGTERM; the test fails unless it ends with status 0, which a leak or a finding of a sanitizer
// is not.
void lab_stop(struct lab *lab);
void lab_kill(struct lab *lab);
void lab_free(struct lab *lab); // and whatever runs

// A case's room as cmocka sets it up, running: as the case says, or the usual one of a worker, a
// port and three flows.
int lab_setup(void **state, const struct lab_options *options);
int lab_setup_usual(void **state);
int lab_teardown(void **state);

// --- A client: joins where there is none yet ---

void lab_join(struct lab *lab);
void lab_leave(struct lab *lab);
void lab_send(struct lab *lab, enum message_type type, const void *body, size_t size);
// The next reply, in lab->message.
enum message_type lab_receive(struct lab *lab);
// Skips all replies up to the DONE. -1 where it is an ERROR, whose text and code are in
// lab->message.
int lab_finish(struct lab *lab, struct message_done *done);
const char *lab_error(const struct lab *lab);
int lab_error_code(const struct lab *lab);

// Begins, sends every record, and commits; the replies are left to read.
void lab_begin(struct lab *lab, const struct config *config, uint64_t if_version);
void lab_send_records(struct lab *lab, const struct config *config);
// All of it. -1 for an ERROR.
int lab_apply(struct lab *lab, const struct config *config, struct message_done *done);
int lab_apply_text(struct lab *lab, const char *yaml, struct message_done *done);
int lab_set_backend(struct lab *lab, const char *name, uint32_t state, uint32_t weight,
	struct message_done *done);
// Several as one change.
int lab_set_backends(struct lab *lab, const struct message_backend_select *rows, uint32_t count,
	uint32_t state, struct message_done *done);
// How many rows there are; the first 'most' go to 'rows', which are 'size' bytes each.
uint32_t lab_show(
	struct lab *lab, enum message_show_what what, void *rows, uint32_t most, size_t size);

// The configuration in force; the caller frees it.
struct config *lab_shown_config(struct lab *lab);
struct message_row_daemon lab_daemon_row(struct lab *lab);
struct message_row_backend lab_backend_row(struct lab *lab, const char *name); // of 16 at the most
void lab_assert_untouched(struct lab *lab, uint64_t version, uint32_t backends);
// The reply to come is an ERROR of that code whose text has these words.
void lab_assert_refused(struct lab *lab, int code, const char *words);

// --- Configurations ---

extern const char
	lab_two[]; // service 'web' over pool 'web' of 'a' and 'b', which has three times the weight
struct config *lab_config(const char *yaml);
// 'services' services over one pool each of 'backends' backends, not probed.
struct config *lab_config_large(uint32_t services, uint32_t backends);

#endif
