// SPDX-License-Identifier: BSD-3-Clause
#include <base/parse.h>
#include <config/check_private.h>
#include <config/schema.h>
#include <config/value.h>

// One probe of a backend at a time.
static void check_times(struct check *check, uint32_t index)
{
	const struct config_health *health = &check->config->pools[index].health;
	char timeout[32], interval[32];

	if (health->timeout_ms <= health->interval_ms)
		return;
	check_fail(check, RECORD_POOL, index, "health.timeout",
		": health: timeout %s is longer than interval %s: probes would overlap",
		format_duration_ms(health->timeout_ms, timeout, sizeof(timeout)),
		format_duration_ms(health->interval_ms, interval, sizeof(interval)));
}

#define QUOTE_SIZE 72 // a value in a sentence

#define TYPE(name) (1u << CONFIG_PROBE_##name)
#define BY_TLS     (TYPE(TLS) | TYPE(HTTPS) | TYPE(GRPCS))
#define BY_HTTP    (TYPE(HTTP) | TYPE(HTTPS))
#define BY_BYTES   (TYPE(TCP) | TYPE(TLS) | TYPE(UDP))
#define BY_GRPC    (TYPE(GRPC) | TYPE(GRPCS))

// Keys that a probe of the pool's type has no use for are mistakes.
static void check_uses(struct check *check, uint32_t index)
{
	static const struct {
		const char *key;
		const char *place;
		uint32_t types;
	} rows[] = {{"host", "health.host", BY_TLS | BY_HTTP | BY_GRPC},
		{"alpn", "health.alpn", TYPE(TLS) | TYPE(HTTPS)}, {"ca", "health.ca", BY_TLS},
		{"certificate", "health.certificate", BY_TLS}, {"key", "health.key", BY_TLS},
		{"method", "health.method", BY_HTTP}, {"path", "health.path", BY_HTTP},
		{"status", "health.status", BY_HTTP}, {"body", "health.body", BY_HTTP},
		{"service", "health.service", BY_GRPC}, {"payload", "health.payload", BY_BYTES},
		{"expect", "health.expect", BY_BYTES}};
	const struct schema *schema = schema_find(&schema_pool, "health")->child;
	const struct config_health *health = &check->config->pools[index].health;
	char text[VALUE_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((rows[i].types & 1u << health->type) != 0 ||
			value_is_absent(schema_find(schema, rows[i].key), health))
			continue;
		check_fail(check, RECORD_POOL, index, rows[i].place,
			": health: a probe of type %s has no use for %s",
			value_format(schema_find(schema, "type"), health, text, sizeof(text)),
			rows[i].key);
	}
}

// What stands in a request or a handshake as it is.
static bool is_ascii(const char *text, char first)
{
	while (*text >= first && *text < 0x7f)
		text++;
	return *text == '\0';
}

static void check_texts(struct check *check, uint32_t index)
{
	const struct config_health *health = &check->config->pools[index].health;
	char quoted[QUOTE_SIZE];

	if ((health->path[0] != '/' && health->path[0] != '\0') || !is_ascii(health->path, '!'))
		check_fail(check, RECORD_POOL, index, "health.path",
			": health: path must begin with / and have only ASCII and no space, not '%s'",
			health->path);
	if (!is_ascii(health->alpn, '!'))
		check_fail(check, RECORD_POOL, index, "health.alpn",
			": health: alpn must be ASCII without a space, such as h2, not '%s'",
			health->alpn);
	if (!is_ascii(health->ca, ' '))
		check_fail(
			check, RECORD_POOL, index, "health.ca", ": health: %s must be ASCII", "ca");
	if (!is_ascii(health->certificate, ' ') || !is_ascii(health->key, ' '))
		check_fail(check, RECORD_POOL, index,
			is_ascii(health->key, ' ') ? "health.certificate" : "health.key",
			": health: %s must be ASCII",
			is_ascii(health->key, ' ') ? "certificate" : "key");
	if (health->key[0] != '\0' && health->certificate[0] == '\0')
		check_fail(check, RECORD_POOL, index, "health.key",
			": health: %s without its certificate: name the file of that, too",
			"a key");
	if (!is_ascii(health->service, '!'))
		check_fail(check, RECORD_POOL, index, "health.service",
			": health: service must be ASCII without a space, such as my.package.Service, not '%s'",
			health->service);
	if (health->method == CONFIG_METHOD_HEAD && health->body[0] != '\0')
		check_fail(check, RECORD_POOL, index, "health.body",
			": health: an answer to HEAD has no body to look for %s in",
			value_quote(health->body, quoted, sizeof(quoted)));
}

static void check_bytes(struct check *check, uint32_t index)
{
	const struct config_health *health = &check->config->pools[index].health;
	const struct {
		const char *key;
		const char *place;
		const char *text;
	} rows[] = {{"payload", "health.payload", health->payload},
		{"expect", "health.expect", health->expect}};
	bool by_stream = health->type == CONFIG_PROBE_TCP || health->type == CONFIG_PROBE_TLS;
	uint8_t bytes[sizeof(health->payload)];
	char quoted[QUOTE_SIZE];
	size_t size;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parse_bytes(rows[i].text, bytes, sizeof(bytes), &size) != 0)
			check_fail(check, RECORD_POOL, index, rows[i].place,
				": health: %s must have two hexadecimal digits a byte behind 0x, not %s",
				rows[i].key, value_quote(rows[i].text, quoted, sizeof(quoted)));
	}
	if (by_stream && health->payload[0] != '\0' && health->expect[0] == '\0')
		check_fail(check, RECORD_POOL, index, "health.payload",
			": health: a payload by %s needs expect beside it: what the answer must begin with",
			health->type == CONFIG_PROBE_TLS ? "tls" : "tcp");
}

void check_health(struct check *check, uint32_t index)
{
	if (check_is_faulty(check, RECORD_POOL, index))
		return;
	check_times(check, index);
	check_uses(check, index);
	check_texts(check, index);
	check_bytes(check, index);
}
