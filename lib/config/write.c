// SPDX-License-Identifier: BSD-3-Clause
#include <base/printable.h>
#include <config/config.h>
#include <config/config_private.h>
#include <config/schema.h>
#include <config/value.h>

#include <errno.h>
#include <string.h>

// Writes what differs from the defaults, so that a million backends stay readable.

#define DEFAULTS_SIZE sizeof(union config_record)

// Plain YAML text of these alone has no second meaning, but for "null"; "2001:db8::," would end a
// mapping.
static bool needs_quotes(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";

	return strcasecmp(text, "null") == 0 || text[0] == '-' || text[strspn(text, plain)] != '\0';
}

// What a file does not hold as it is, and a mark of byte order, which YAML takes for none of the
// text.
static bool needs_escape(uint32_t code)
{
	return !utf8_is_kept(code) || code == 0xfeff;
}

static void write_quoted(FILE *out, const char *text)
{
	uint32_t code;
	size_t size;

	fputc('"', out);
	for (; *text != '\0'; text += size) {
		size = utf8_measure(text, SIZE_MAX, &code);
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (size == 0)
			fputc(*text, out); // no UTF-8, which the reader refuses
		else if (needs_escape(code))
			fprintf(out, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
		else
			fwrite(text, 1, size, out);
		size += size == 0;
	}
	fputc('"', out);
}

static bool is_written(const struct schema_key *key, const uint8_t *record, const uint8_t *defaults)
{
	const uint8_t *field = record + key->offset;

	if (key->inherited || key->type == SCHEMA_RECORDS)
		return false;
	if (key->type == SCHEMA_PORT || key->type == SCHEMA_PORTS)
		return value_is_one_port(key, record) == (key->type == SCHEMA_PORT);
	if (key->type == SCHEMA_MAPPING)
		return memcmp(field, defaults + key->offset, key->child->size) != 0;
	if (value_is_absent(key, record))
		return false;
	return key->list_max > 0 || memcmp(field, defaults + key->offset, value_size(key)) != 0;
}

static void write_braces(
	FILE *out, const struct schema *schema, const uint8_t *record, const uint8_t *defaults);

static void write_text(FILE *out, const char *text)
{
	if (needs_quotes(text))
		write_quoted(out, text);
	else
		fputs(text, out);
}

static void write_value(
	FILE *out, const struct schema_key *key, const uint8_t *record, const uint8_t *defaults)
{
	bool is_list = key->list_max > 0 && !value_is_lone(key, record);
	char text[VALUE_TEXT_SIZE];

	fprintf(out, "%s: ", key->name);
	if (key->type == SCHEMA_MAPPING) {
		write_braces(out, key->child, record + key->offset, defaults + key->offset);
		return;
	}
	fputs(is_list ? "[" : "", out);
	for (uint32_t i = 0; i < value_count(key, record); i++) {
		struct schema_key element = value_element(key, i);

		value_format(&element, record, text, sizeof(text));
		fputs(i > 0 ? ", " : "", out);
		write_text(out, text);
	}
	fputs(is_list ? "]" : "", out);
}

// "{name: a1, address: 10.0.1.11}"
static void write_braces(
	FILE *out, const struct schema *schema, const uint8_t *record, const uint8_t *defaults)
{
	const char *glue = "{";

	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (!is_written(key, record, defaults))
			continue;
		fputs(glue, out);
		write_value(out, key, record, defaults);
		glue = ", ";
	}
	fputs("}", out);
}

// "  - name: web" and a line for every other key.
static void write_entry(
	FILE *out, const struct schema *schema, const uint8_t *record, const uint8_t *defaults)
{
	const char *margin = "  - ";

	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (!is_written(key, record, defaults))
			continue;
		fputs(margin, out);
		write_value(out, key, record, defaults);
		fputs("\n", out);
		margin = "    ";
	}
}

static void write_hash_key(const struct config *config, FILE *out)
{
	const struct schema_key *key = schema_find(&schema_pool_file, "hash_key");
	char text[VALUE_TEXT_SIZE];

	if (!config->hash_key_set)
		return;
	fprintf(out, "hash_key: \"%s\"\n", value_format(key, config, text, sizeof(text)));
	explicit_bzero(text, sizeof(text));
}

static void write_services(const struct config *config, FILE *out)
{
	uint8_t defaults[DEFAULTS_SIZE];

	schema_defaults(&schema_service, defaults);
	fputs(config->service_count == 0 ? "services: []\n" : "services:\n", out);
	for (uint32_t i = 0; i < config->service_count; i++)
		write_entry(out, &schema_service, (const uint8_t *)&config->services[i], defaults);
}

static void write_backends(const struct config *config, const struct config_pool *pool, FILE *out)
{
	uint8_t defaults[DEFAULTS_SIZE];

	schema_defaults(&schema_backend, defaults);
	fputs(pool->backend_count == 0 ? "    backends: []\n" : "    backends:\n", out);
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		fputs("      - ", out);
		write_braces(out, &schema_backend,
			(const uint8_t *)&config->backends[pool->first_backend + i], defaults);
		fputs("\n", out);
	}
}

static void write_pools(const struct config *config, FILE *out)
{
	uint8_t defaults[DEFAULTS_SIZE];

	schema_defaults(&schema_pool, defaults);
	fputs(config->pool_count == 0 ? "pools: []\n" : "pools:\n", out);
	for (uint32_t i = 0; i < config->pool_count; i++) {
		write_entry(out, &schema_pool, (const uint8_t *)&config->pools[i], defaults);
		write_backends(config, &config->pools[i], out);
	}
}

static int write_records(const struct config *config, FILE *out)
{
	write_services(config, out);
	write_pools(config, out);
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return errno != 0 ? -errno : -EIO;
}

int config_write(const struct config *config, FILE *out)
{
	errno = 0; // what follows sets it where a write fails, and leaves it alone where none does
	write_hash_key(config, out);
	return write_records(config, out);
}

// No reader takes it for a key, so that nobody applies another one by mistake.
int config_write_redacted(const struct config *config, FILE *out)
{
	errno = 0;
	if (config->hash_key_set)
		fputs("hash_key: \"redacted: 'show config --secrets' tells it to root\"\n", out);
	return write_records(config, out);
}
