// SPDX-License-Identifier: BSD-3-Clause
#include "control_lab.h"

#include <base/clock.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define WAIT_MS 60000

void lab_join(struct lab *lab)
{
	uint64_t until_ns = clock_monotonic_ns() + WAIT_MS * CLOCK_NS_PER_MS;
	const struct timespec nap = {.tv_nsec = 1000000};
	struct error err;
	int rc;

	while (lab->client == NULL) {
		rc = channel_client_open(lab->channel, WAIT_MS, &lab->client, &err);
		if (rc != 0 && clock_monotonic_ns() > until_ns)
			fail_msg("%s", err.text);
		// It has not come up, or what it replaces is still there, or just went.
		if (rc != 0 && rc != -ENOENT && rc != -ECONNREFUSED && rc != -ECONNRESET)
			fail_msg("%s", err.text);
		if (rc != 0)
			nanosleep(&nap, NULL);
	}
}

void lab_leave(struct lab *lab)
{
	channel_client_close(lab->client);
	lab->client = NULL;
}

void lab_send(struct lab *lab, enum message_type type, const void *body, size_t size)
{
	struct error err;

	lab_join(lab);
	lab->message.type = (uint16_t)type;
	lab->message.zero = 0;
	lab->message.size = (uint32_t)size;
	if (size > 0)
		memcpy(lab->message.body, body, size);
	if (channel_client_send(lab->client, &lab->message, WAIT_MS, &err) != 0)
		fail_msg("%s", err.text);
}

enum message_type lab_receive(struct lab *lab)
{
	struct error err;

	if (channel_client_receive(lab->client, &lab->message, WAIT_MS, &err) != 0)
		fail_msg("%s", err.text);
	return (enum message_type)lab->message.type;
}

int lab_finish(struct lab *lab, struct message_done *done)
{
	enum message_type type;

	do {
		type = lab_receive(lab);
	} while (type != MESSAGE_DONE && type != MESSAGE_ERROR);
	if (type == MESSAGE_ERROR)
		return -1;
	if (done != NULL)
		memcpy(done, lab->message.body, sizeof(*done));
	return 0;
}

const char *lab_error(const struct lab *lab)
{
	return ((const struct message_error *)lab->message.body)->text;
}

int lab_error_code(const struct lab *lab)
{
	return ((const struct message_error *)lab->message.body)->code;
}

void lab_begin(struct lab *lab, const struct config *config, uint64_t if_version)
{
	struct message_apply begin = {.service_count = config->service_count,
		.pool_count = config->pool_count,
		.backend_count = config->backend_count,
		.if_version = if_version,
		.is_forced = !lab->options.asks};

	memcpy(begin.hash_key, config->hash_key, sizeof(begin.hash_key));
	begin.hash_key_set = config->hash_key_set;
	lab_send(lab, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
	assert_int_equal(lab_finish(lab, NULL), 0);
}

// What config_finish() has set is zero on the channel.
void lab_send_records(struct lab *lab, const struct config *config)
{
	for (uint32_t i = 0; i < config->service_count; i++) {
		struct config_service service = config->services[i];

		service.pool_index = 0;
		lab_send(lab, MESSAGE_APPLY_SERVICE, &service, sizeof(service));
	}
	for (uint32_t i = 0; i < config->pool_count; i++) {
		struct config_pool pool = config->pools[i];

		pool.first_backend = 0;
		pool.backend_count = 0;
		lab_send(lab, MESSAGE_APPLY_POOL, &pool, sizeof(pool));
	}
	for (uint32_t i = 0; i < config->backend_count; i++) {
		struct config_backend backend = config->backends[i];

		backend.pool_index = 0;
		lab_send(lab, MESSAGE_APPLY_BACKEND, &backend, sizeof(backend));
	}
}

int lab_apply(struct lab *lab, const struct config *config, struct message_done *done)
{
	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	return lab_finish(lab, done);
}

int lab_apply_text(struct lab *lab, const char *yaml, struct message_done *done)
{
	struct config *config = lab_config(yaml);
	int rc = lab_apply(lab, config, done);

	config_free(config);
	return rc;
}

int lab_set_backend(struct lab *lab, const char *name, uint32_t state, uint32_t weight,
	struct message_done *done)
{
	struct message_backend_set set = {.state = state, .weight = weight};

	memcpy(set.name, name, strlen(name) < sizeof(set.name) ? strlen(name) : sizeof(set.name));
	lab_send(lab, MESSAGE_BACKEND_SET, &set, sizeof(set));
	return lab_finish(lab, done);
}

int lab_set_backends(struct lab *lab, const struct message_backend_select *rows, uint32_t count,
	uint32_t state, struct message_done *done)
{
	struct message_backend_set set = {.state = state, .weight = UINT32_MAX};

	for (uint32_t i = 0; i < count; i++)
		lab_send(lab, MESSAGE_BACKEND_SELECT, &rows[i], sizeof(rows[i]));
	lab_send(lab, MESSAGE_BACKEND_SET, &set, sizeof(set));
	return lab_finish(lab, done);
}

uint32_t lab_show(
	struct lab *lab, enum message_show_what what, void *rows, uint32_t most, size_t size)
{
	struct message_show show = {.what = what};
	uint32_t count = 0;
	enum message_type type;

	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	while ((type = lab_receive(lab)) != MESSAGE_DONE) {
		if (type == MESSAGE_ERROR)
			fail_msg("%s", lab_error(lab));
		if (what != MESSAGE_SHOW_CONFIG)
			assert_int_equal(lab->message.size, size);
		if (count++ < most)
			memcpy((uint8_t *)rows + (count - 1) * size, lab->message.body, size);
	}
	return count;
}

struct config *lab_shown_config(struct lab *lab)
{
	struct message_show show = {.what = MESSAGE_SHOW_SECRETS};
	struct config *config;
	struct error err;
	char *text = NULL;
	size_t size = 0;

	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	while (lab_receive(lab) == MESSAGE_TEXT) {
		text = realloc(text, size + lab->message.size);
		memcpy(text + size, lab->message.body, lab->message.size);
		size += lab->message.size;
	}
	if (config_load_text("shown", text, size, &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	free(text);
	return config;
}

struct message_row_daemon lab_daemon_row(struct lab *lab)
{
	struct message_row_daemon row;

	assert_int_equal(lab_show(lab, MESSAGE_SHOW_VERSION, &row, 1, sizeof(row)), 1);
	return row;
}

struct message_row_backend lab_backend_row(struct lab *lab, const char *name)
{
	struct message_row_backend rows[16];
	uint32_t count = lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 16, sizeof(rows[0]));

	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return rows[i];
	}
	fail_msg("there is no backend %s", name);
	return rows[0];
}

void lab_assert_untouched(struct lab *lab, uint64_t version, uint32_t backends)
{
	struct message_row_backend rows[16];

	assert_int_equal(lab_daemon_row(lab).config_version, version);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 16, sizeof(rows[0])), backends);
}

void lab_assert_refused(struct lab *lab, int code, const char *words)
{
	assert_int_equal(lab_finish(lab, NULL), -1);
	if (strstr(lab_error(lab), words) == NULL)
		fail_msg("'%s' is not in '%s'", words, lab_error(lab));
	assert_int_equal(lab_error_code(lab), code);
}
