// SPDX-License-Identifier: BSD-3-Clause
#ifndef EVENTS_EVENTS_H
#define EVENTS_EVENTS_H

#include <base/log.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What happened on this balancer, beside the log: the newest ones in memory, in their order, each
// with a number of its own. One thread, the control lcore's. No DPDK.

#define EVENTS_KEPT 10000u

// X(identifier, name, what it is about)
// clang-format off
#define EVENTS_KINDS(X) \
	X(HEALTH, "health", "a backend's health, or a pool that keeps what fails in service") \
	X(ANNOUNCE, "announce", "a VIP that is announced, withdrawn or held") \
	X(LINK, "link", "the link of a port, or of a member of a bond") \
	X(WORKER, "worker", "a worker that stands still, or goes on") \
	X(APPLY, "apply", "a configuration that came in force or was refused, and by whom") \
	X(DRAIN, "drain", "the state that an operator gave a backend, and the deadline of a drain")
// clang-format on

#define EVENTS_ENUM(id, name, text) EVENTS_##id,
enum events_kind { EVENTS_KINDS(EVENTS_ENUM) EVENTS_KIND_COUNT };

#define EVENTS_UID_UNKNOWN UINT32_MAX

struct events_entry {
	uint64_t sequence; // counts from 1, without a gap
	uint64_t time_ms; // wall clock
	uint64_t version; // of a configuration; 0: the event is about none
	uint32_t uid; // whose wish it was; EVENTS_UID_UNKNOWN
	uint32_t pid; // 0: nobody's
	uint8_t kind; // enum events_kind
	uint8_t level; // enum log_level
	char before[14]; // states: "up", "draining"; ""
	char after[16];
	char object[144]; // "web/web-1", a VIP, a port; a configuration's is "config"
	char message[256]; // a sentence
};

struct events; // opaque

const char *events_kind_name(enum events_kind kind);

// An entry of that kind, without what the caller sets beside.
struct events_entry events_about(enum events_kind kind, enum log_level level, const char *before,
	const char *after, const char *object, ...) __attribute__((format(printf, 5, 6)));

// NULL without memory.
struct events *events_new(void);
void events_free(struct events *events); // NULL is fine

// Keeps it with the next number and the time, in the place of the oldest where there are
// EVENTS_KEPT, and writes the line to the log with its fields. The caller sets kind, level, object
// and what else there is to set. A line that begins with the kind's name, "health: ...", has it in
// the log alone. Without 'events' there is the log alone.
void events_tell(struct events *events, const struct events_entry *entry, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
// The same without a line in the log, which has others of it.
void events_record(struct events *events, const struct events_entry *entry, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// The first one behind number 'after'. False: there is none.
bool events_next(const struct events *events, uint64_t after, struct events_entry *out);
// How many there were.
uint64_t events_count(const struct events *events, enum events_kind kind);

#endif
