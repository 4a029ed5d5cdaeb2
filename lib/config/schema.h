// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

// Every key of both files, once. The tables drive loading, checking, writing, comparing and the
// reference page: a new key is a field in its struct and a line in schema.c. Constant data, any
// thread.

enum schema_type {
	SCHEMA_NAME, // char[size]: [A-Za-z0-9._-], first character alphanumeric
	SCHEMA_TEXT, // char[size]: anything that utf8_is_text() (base/printable.h)
	SCHEMA_STRING, // char[size]: any UTF-8 of up to 'max' bytes, line ends and other control characters, too
	SCHEMA_NUMBER, // unsigned, of the field's size
	SCHEMA_WORD, // one of 'words', as an unsigned number
	SCHEMA_ADDRESS, // struct addr that a host can have
	SCHEMA_PREFIX, // struct prefix
	SCHEMA_LISTEN, // struct endpoint to listen at, or "off": zero
	SCHEMA_PORT, // uint16_t[2], first and last: one port
	SCHEMA_PORTS, // uint16_t[2]: "first-last", "any" or one port
	SCHEMA_RANGE, // uint16_t[2]: "first-last" within the bounds, or one number
	SCHEMA_MS, // a time, in milliseconds
	SCHEMA_SECONDS, // a time of whole seconds
	SCHEMA_PERCENT, // "70%", of the whole
	SCHEMA_BYTES, // "512MiB"
	SCHEMA_MODE, // a file's mode, octal
	SCHEMA_HEX, // uint8_t[size], and a bool at 'flag' that says whether it is there
	SCHEMA_MAPPING, // a struct inside the record, described by 'child'
	SCHEMA_RECORDS, // a list of 'child'; whoever loads walks it
	SCHEMA_TYPES,
};

struct schema;

struct schema_word {
	const char *text; // the list ends with NULL
	uint64_t value;
};

struct schema_key {
	const char *name; // the list ends with NULL
	enum schema_type type;
	bool required;
	bool inherited; // no key of the file: it follows from where the record stands
	uint32_t offset; // of the field in its struct
	uint32_t size; // of the field, or of one of its elements
	uint32_t flag; // SCHEMA_HEX: offset of the bool
	uint32_t list_max; // above 0: a list of up to so many values, in an array
	uint32_t count; // with list_max: offset of a uint32_t
	bool lone; // with list_max: one value may stand without brackets
	uint64_t min; // bounds, in the field's unit
	uint64_t max;
	// What holds when the key is left out, as one would write it. NULL: the field is zero,
	// which stands for "not given", and 'absent' says what then holds.
	const char *fallback;
	const char *absent;
	// Left out of a new configuration, what was in force stays; what that is at first. NULL:
	// not so.
	const char *sticky;
	const struct schema_word *words;
	const struct schema *child;
	const char *doc; // completes "<key>: ..."
};

struct schema {
	const char *kind; // "service": stands in front of its name in sentences
	const char *doc;
	const struct schema_key *keys;
	uint32_t size; // of the struct
};

extern const struct schema schema_pool_file; // struct config
extern const struct schema schema_service;
extern const struct schema schema_pool;
extern const struct schema schema_backend;
extern const struct schema schema_daemon_file; // struct daemon_config
extern const struct schema schema_port;

const struct schema_key *schema_find(const struct schema *schema, const char *name);

// The known key that 'name' was most likely meant to be, or NULL.
const char *schema_suggest(const struct schema *schema, const char *name);

// Sets a record to its defaults; every byte that no key has is zero.
void schema_defaults(const struct schema *schema, void *record);

// Copies what the keys describe and nothing else.
void schema_copy(const struct schema *schema, void *to, const void *from);

#endif
