// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_VALUE_PRIVATE_H
#define CONFIG_VALUE_PRIVATE_H

#include <config/schema.h>
#include <stddef.h>
#include <stdint.h>

// The types behind value.h, one function each. 'field' is the field itself, not the record.

#define VALUE_QUOTE_SIZE 72 // a value in a sentence
#define VALUE_FIELD_MAX  1088 // no field is larger

struct value_type {
	int (*parse)(const struct schema_key *key, const char *text, uint8_t *field);
	// 'given', of VALUE_QUOTE_SIZE, gets what the field holds when it is refused. NULL: any
	// bytes will do.
	int (*check)(const struct schema_key *key, const uint8_t *field, char *given);
	void (*format)(const struct schema_key *key, const uint8_t *field, char *text, size_t size);
};

int value_parse_name(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_text(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_string(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_number(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_address(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_prefix(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_listen(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_ports(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_range(const struct schema_key *key, const char *text, uint8_t *field);
int value_parse_hex(const struct schema_key *key, const char *text, uint8_t *field);

int value_check_name(const struct schema_key *key, const uint8_t *field, char *given);
int value_check_text(const struct schema_key *key, const uint8_t *field, char *given);
int value_check_string(const struct schema_key *key, const uint8_t *field, char *given);
int value_check_number(const struct schema_key *key, const uint8_t *field, char *given);
int value_check_address(const struct schema_key *key, const uint8_t *field, char *given);
int value_check_prefix(const struct schema_key *key, const uint8_t *field, char *given);
int value_check_ports(const struct schema_key *key, const uint8_t *field, char *given);
int value_check_range(const struct schema_key *key, const uint8_t *field, char *given);

void value_format_text(const struct schema_key *key, const uint8_t *field, char *text, size_t size);
void value_format_number(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size);
void value_format_address(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size);
void value_format_prefix(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size);
void value_format_listen(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size);
void value_format_ports(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size);
void value_format_hex(const struct schema_key *key, const uint8_t *field, char *text, size_t size);

// A number as its type is written, with its unit.
const char *value_number_text(
	const struct schema_key *key, uint64_t number, char *text, size_t size);

#endif
