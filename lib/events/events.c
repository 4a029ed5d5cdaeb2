// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <events/events.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct events {
	uint64_t newest; // number
	uint64_t counts[EVENTS_KIND_COUNT];
	struct events_entry ring[EVENTS_KEPT]; // number n at n % EVENTS_KEPT
};

const char *events_kind_name(enum events_kind kind)
{
#define NAME(id, name, text) [EVENTS_##id] = name,
	static const char *const names[] = {EVENTS_KINDS(NAME)};

	return kind < EVENTS_KIND_COUNT ? names[kind] : "?";
}

struct events_entry events_about(enum events_kind kind, enum log_level level, const char *before,
	const char *after, const char *object, ...)
{
	struct events_entry entry = {
		.kind = (uint8_t)kind, .level = (uint8_t)level, .uid = EVENTS_UID_UNKNOWN};
	va_list args;

	snprintf(entry.before, sizeof(entry.before), "%s", before);
	snprintf(entry.after, sizeof(entry.after), "%s", after);
	va_start(args, object);
	vsnprintf(entry.object, sizeof(entry.object), object, args);
	va_end(args);
	return entry;
}

struct events *events_new(void)
{
	return calloc(1, sizeof(struct events)); // pages that are not written cost nothing
}

void events_free(struct events *events)
{
	free(events);
}

static struct events_entry *keep(
	struct events *events, const struct events_entry *entry, const char *text)
{
	uint64_t sequence = ++events->newest;
	struct events_entry *place = &events->ring[sequence % EVENTS_KEPT];
	const char *name = events_kind_name(entry->kind);
	size_t size = strlen(name);

	*place = *entry;
	place->sequence = sequence;
	place->time_ms = clock_wall_ns() / CLOCK_NS_PER_MS;
	if (strncmp(text, name, size) == 0 && strncmp(text + size, ": ", 2) == 0)
		text += size + 2;
	snprintf(place->message, sizeof(place->message), "%s", text);
	if (entry->kind < EVENTS_KIND_COUNT)
		events->counts[entry->kind]++;
	return place;
}

// The entry's fields in a line of the log that programs read. Empty ones are left out.
static void write_log(const struct events_entry *entry, const char *text)
{
	char sequence[24], version[24], uid[16], pid[16];
	struct log_field fields[] = {
		{"object", entry->object},
		{"event", events_kind_name(entry->kind)},
		{"sequence", sequence, true},
		{"before", entry->before},
		{"after", entry->after},
		{"version", version, true},
		{"uid", uid, true},
		{"pid", pid, true},
		{0},
	};

	snprintf(sequence, sizeof(sequence), "%" PRIu64, entry->sequence);
	snprintf(version, sizeof(version), "%" PRIu64, entry->version);
	snprintf(uid, sizeof(uid), "%" PRIu32, entry->uid);
	snprintf(pid, sizeof(pid), "%" PRIu32, entry->pid);
	if (entry->sequence == 0)
		sequence[0] = '\0';
	if (entry->version == 0)
		version[0] = '\0';
	if (entry->pid == 0 || entry->uid == EVENTS_UID_UNKNOWN)
		uid[0] = '\0';
	if (entry->pid == 0)
		pid[0] = '\0';
	log_write_fields((enum log_level)entry->level, fields, "%s", text);
}

void events_tell(struct events *events, const struct events_entry *entry, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	write_log(events != NULL ? keep(events, entry, text) : entry, text);
}

void events_record(struct events *events, const struct events_entry *entry, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (events != NULL)
		keep(events, entry, text);
}

bool events_next(const struct events *events, uint64_t after, struct events_entry *out)
{
	uint64_t oldest = events->newest > EVENTS_KEPT ? events->newest - EVENTS_KEPT + 1 : 1;

	if (after >= events->newest)
		return false;
	if (after + 1 < oldest)
		after = oldest - 1;
	*out = events->ring[(after + 1) % EVENTS_KEPT];
	return true;
}

uint64_t events_count(const struct events *events, enum events_kind kind)
{
	return kind < EVENTS_KIND_COUNT ? events->counts[kind] : 0;
}
