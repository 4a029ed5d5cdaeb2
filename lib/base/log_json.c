// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log_json.h>
#include <base/printable.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Appends a string in quotes; what does not fit is left out, whole characters at a time.
static size_t put_string(char *out, size_t used, size_t size, const char *text)
{
	out[used++] = '"';
	while (*text != '\0') {
		uint32_t code;
		size_t bytes = utf8_measure(text, SIZE_MAX, &code);
		char piece[16];

		if (bytes == 0 || !printable_is(code))
			snprintf(piece, sizeof(piece), "\\u%04x",
				bytes == 0 || code > 0xffff ? 0xfffd : code);
		else if (*text == '"' || *text == '\\')
			snprintf(piece, sizeof(piece), "\\%c", *text);
		else
			snprintf(piece, sizeof(piece), "%.*s", (int)bytes, text);
		if (used + strlen(piece) + 8 > size) // room for the end of the line
			break;
		memcpy(out + used, piece, strlen(piece));
		used += strlen(piece);
		text += bytes == 0 ? 1 : bytes;
	}
	out[used++] = '"';
	return used;
}

static size_t put_pair(char *out, size_t used, size_t size, const struct log_field *field)
{
	if (used + strlen(field->name) + 40 > size)
		return used;
	if (used > 1)
		out[used++] = ',';
	used = put_string(out, used, size, field->name);
	out[used++] = ':';
	if (!field->is_number)
		return put_string(out, used, size, field->value);
	memcpy(out + used, field->value, strlen(field->value));
	return used + strlen(field->value);
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_DEBUG:
		return "debug";
	default:
		return "info";
	}
}

// What the line is about, where no field says so: "state" of "state: ...".
static void find_object(const char *message, char *out, size_t size)
{
	size_t length = strcspn(message, ":");

	out[0] = '\0';
	if (message[length] == ':' && message[length + 1] == ' ' && length < size) {
		memcpy(out, message, length);
		out[length] = '\0';
	}
}

size_t log_json_format(char *line, size_t size, enum log_level level,
	const struct log_field *fields, const char *message)
{
	char utc[32], time[40], object[64];
	uint64_t now_ns = clock_wall_ns();
	bool has_object = false;
	size_t used = 1;

	line[0] = '{';
	clock_format_utc(now_ns / CLOCK_NS_PER_S, utc, sizeof(utc));
	snprintf(time, sizeof(time), "%.19s.%03uZ", utc,
		(unsigned int)(now_ns / CLOCK_NS_PER_MS % 1000));
	used = put_pair(line, used, size, &(struct log_field){"time", time, false});
	used = put_pair(line, used, size, &(struct log_field){"level", level_name(level), false});
	for (; fields != NULL && fields->name != NULL; fields++) {
		has_object |= strcmp(fields->name, "object") == 0;
		if (fields->value[0] != '\0')
			used = put_pair(line, used, size, fields);
	}
	find_object(message, object, sizeof(object));
	if (!has_object && object[0] != '\0')
		used = put_pair(line, used, size, &(struct log_field){"object", object, false});
	used = put_pair(line, used, size, &(struct log_field){"message", message, false});
	line[used++] = '}';
	line[used++] = '\n';
	return used;
}
