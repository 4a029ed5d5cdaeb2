// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <base/error.h>
#include <config/schema.h>
#include <stdbool.h>
#include <stddef.h>

// One value of a record: text to bytes and back, by its line in the schema. 'record' is the struct
// that the key's offset counts from. For every type but SCHEMA_MAPPING and SCHEMA_RECORDS. Any
// thread.

#define VALUE_TEXT_SIZE 2048 // longer than any value's text

// A list's element as if it were a key of its own. What stands alone is its only element.
struct schema_key value_element(const struct schema_key *key, uint32_t index);
// How many elements a record's list has; no more than there is room for.
uint32_t value_count(const struct schema_key *key, const void *record);
// One value that stands without brackets.
// Of SCHEMA_PORT and SCHEMA_PORTS, which are one field: whether 'port' is its key.
bool value_is_one_port(const struct schema_key *key, const void *record);
bool value_is_lone(const struct schema_key *key, const void *record);
// Bytes of the field, with every element there is room for.
size_t value_size(const struct schema_key *key);

// 0, or -EINVAL with the sentence "port must be 1 to 65535, not 70000"; the record is then as it
// was. Not for a whole list.
int value_parse(const struct schema_key *key, const char *text, void *record, struct error *err);

// For bytes of unknown origin: 0, or -EINVAL with a sentence of the same kind.
int value_check(const struct schema_key *key, const void *record, struct error *err);

// Text that value_parse() reads back as the same bytes, or "[a, b]". Only for values that
// value_check() accepts. 'size' at least VALUE_TEXT_SIZE. Returns 'text'.
const char *value_format(const struct schema_key *key, const void *record, char *text, size_t size);

// Whether the key was left out: zero, and there is no default to take its place.
bool value_is_absent(const struct schema_key *key, const void *record);

// What the key takes, as a reader is told: "1 to 65535", "tcp or udp", "a whole number of s, m, h
// or d, from 1s to 9h".
const char *value_expects(const struct schema_key *key, char *text, size_t size);

// 'text' fit for a sentence: in quotes, cut where it is long, without control characters.
const char *value_quote(const char *text, char *out, size_t size);

#endif
