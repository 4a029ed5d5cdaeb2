// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_DOCTOR_H
#define FULCRUMCTL_DOCTOR_H

#include "ctl.h"
#include "doctor_row.h"
#include "view.h"

#include <channel/message.h>
#include <config/daemon.h>
#include <needs/needs.h>
#include <sched.h>

// What 'fulcrumctl doctor' looks at: a table of checks (doctor_checks.c), each of which adds one
// row or more. A check reads the machine only through the functions below, so that a test gives it
// a machine of its own.

struct doctor {
	const char *root; // stands in front of every path
	const char *file; // the daemon's
	bool has_config;
	struct daemon_config config;
	char file_error[ERROR_SIZE]; // "": there is no file, or it is right
	bool has_daemon;
	bool daemon_is_dead; // it left its channel behind
	char daemon_error[ERROR_SIZE];
	struct message_row_daemon daemon;
	struct rows ports; // struct message_row_port
	struct rows workers; // struct message_row_worker
	const struct doctor_check *check; // whose turn it is
	struct rows rows; // struct doctor_row
	bool failed; // out of memory
};

enum doctor_wants { DOCTOR_NOTHING, DOCTOR_FILE, DOCTOR_DAEMON };

struct doctor_check {
	const char *name;
	void (*run)(struct doctor *doctor);
	enum doctor_wants wants; // without it nobody can tell
	const char *why;
};

// Up to one without a name.
extern const struct doctor_check doctor_checks[];

// Asks the daemon, where one runs; sets what 'doctor' knows of it.
void doctor_ask(struct doctor *doctor, const struct ctl *ctl);

// A row of the check whose turn it is. doctor_mend() says what mends the row before.
void doctor_ok(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_unknown(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_wrong(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_mend(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
// The same for what only the kernel's command line changes.
void doctor_mend_at_boot(struct doctor *doctor, const char *arguments);

// --- Reading the machine; false where it is not there ---

#define DOCTOR_PATH_SIZE 512

// 'path' below the root.
void doctor_path(const struct doctor *doctor, char path[DOCTOR_PATH_SIZE], const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool doctor_there(const struct doctor *doctor, const char *path);
bool doctor_read(const struct doctor *doctor, const char *path, char *text, size_t size); // line 1
bool doctor_number(const struct doctor *doctor, const char *path, uint64_t *out);
// What a symbolic link leads to, without its folders.
bool doctor_link(const struct doctor *doctor, const char *path, char *name, size_t size);
// "2-3,5". An empty list is there, too.
bool doctor_cores(const struct doctor *doctor, const char *path, cpu_set_t *out);
const char *doctor_cores_text(const cpu_set_t *cores, char *text, size_t size);

// --- What several checks ask ---

void doctor_workers(const struct doctor *doctor, cpu_set_t *out);
// The node of a core; -1: it is not told.
int doctor_core_node(const struct doctor *doctor, uint32_t core);
// Whether the workers spin, so that their cores must be theirs alone; adds the row that says so
// where not.
bool doctor_spins(struct doctor *doctor);

#define DOCTOR_CARDS_MAX (DAEMON_PORTS_MAX * NEEDS_CARDS_MAX)

struct doctor_card {
	char address[NEEDS_CARD_SIZE];
	const char *port; // its name
	bool there;
	char driver[32]; // "": none
};

uint32_t doctor_find_cards(const struct doctor *doctor, struct doctor_card cards[DOCTOR_CARDS_MAX]);
// Adds a row and returns false where no card needs vfio.
bool doctor_wants_vfio(struct doctor *doctor);

#endif
