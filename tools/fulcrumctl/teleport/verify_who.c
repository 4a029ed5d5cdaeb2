// SPDX-License-Identifier: BSD-3-Clause
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNREACHED_MAX 3 // instances in a row: the others stand behind the same wall
#define DIRECT_MS     1000u
#define NOBODY        UINT32_MAX
#define SEVERAL       (UINT32_MAX - 1)

struct verify_own *verify_ask_instances(struct verify *verify, const struct port_kind *kind)
{
	const struct cluster_pool *pool = &verify->cluster->pools[verify->role];
	struct verify_own *own = calloc(pool->instance_count, sizeof(*own));
	uint32_t unreached = 0;
	struct port_check port_check;

	for (uint32_t i = 0; own != NULL && i < pool->instance_count && unreached < UNREACHED_MAX;
		i++) {
		struct port_check_request request =
			verify_request(verify, kind, &pool->instances[i].address);

		request.port = kind->target_port;
		if (request.timeout_ms > DIRECT_MS)
			request.timeout_ms = DIRECT_MS;
		port_check_make(&request, &port_check);
		own[i].answered = port_check.answered;
		memcpy(own[i].identity, port_check.identity, sizeof(own[i].identity));
		unreached = port_check.answered ? 0 : unreached + 1;
	}
	return own;
}

// The instance that showed this, or NOBODY, or SEVERAL.
static uint32_t instance_of(
	const struct verify *verify, const struct verify_own *own, const struct verify_seen *seen)
{
	uint32_t found = NOBODY;

	for (uint32_t i = 0; i < verify->cluster->pools[verify->role].instance_count; i++) {
		if (!own[i].answered ||
			memcmp(own[i].identity, seen->identity, sizeof(seen->identity)) != 0)
			continue;
		if (found != NOBODY)
			return SEVERAL;
		found = i;
	}
	return found;
}

static void add_answer(struct verify *verify, const struct verify_port *port,
	const struct verify_seen *seen, const struct cluster_instance *instance)
{
	char identity[2 * PORT_CHECK_IDENTITY_SIZE + 1];
	json_t *answer;

	for (size_t i = 0; i < sizeof(seen->identity); i++)
		snprintf(identity + 2 * i, 3, "%02x", seen->identity[i]);
	answer = json_pack("{s:s, s:s?, s:s?, s:s, s:s, s:I}", "target", port->target, "instance",
		instance != NULL ? instance->name : NULL, "zone",
		instance != NULL ? instance->zone : NULL, "identity_kind",
		seen->kind == PORT_CHECK_HOST_KEY ? "host_key" : "certificate", "identity_sha256",
		identity, "connections", (json_int_t)seen->connections);
	if (json_array_append_new(verify->answers, answer) != 0)
		verify->failed = true;
}

// Adds "name 12" to a list in a cell, as far as there is room.
static void list(char *text, size_t size, const char *name, uint32_t connections)
{
	size_t used = strlen(text);

	if (used + strlen(name) + 16 < size)
		snprintf(text + used, size - used, "%s%s %u", used > 0 ? ", " : "", name,
			connections);
	else if (used + 6 < size && strcmp(text + used - 3, "...") != 0)
		snprintf(text + used, size - used, ", ...");
}

// Takes new connections, as far as cluster.yaml says.
static bool is_in_use(const struct cluster_instance *instance)
{
	return instance->weight > 0 && instance->state != CONFIG_STATE_DRAINING &&
	       instance->state != CONFIG_STATE_DISABLED;
}

static void add_zones(
	struct verify *verify, const struct verify_port *port, const uint32_t *connections)
{
	const struct cluster_pool *pool = &verify->cluster->pools[verify->role];
	uint32_t zones = 0, answered = 0;
	char text[VERIFY_DETAIL_SIZE - 40] = "";

	for (uint32_t i = 0; i < pool->instance_count; i++) {
		const char *zone = pool->instances[i].zone;
		uint32_t sum = 0;
		bool used = false, told = false;

		for (uint32_t j = 0; j < pool->instance_count; j++) {
			if (strcmp(pool->instances[j].zone, zone) != 0)
				continue;
			told |= j < i;
			used |= is_in_use(&pool->instances[j]);
			sum += connections[j];
		}
		if (told || (!used && sum == 0))
			continue;
		zones++;
		answered += sum > 0;
		list(text, sizeof(text), zone, sum);
	}
	verify_add(verify, answered == zones ? VERIFY_OK : VERIFY_WRONG, "zones", port->target,
		"%u of %u: %s", answered, zones, text);
}

static void add_instances(struct verify *verify, const struct verify_port *port,
	const uint32_t *connections, bool whole)
{
	const struct cluster_pool *pool = &verify->cluster->pools[verify->role];
	uint32_t used = 0, answered = 0;
	char text[VERIFY_DETAIL_SIZE - 40] = "";

	for (uint32_t i = 0; i < pool->instance_count; i++) {
		used += is_in_use(&pool->instances[i]) || connections[i] > 0;
		answered += connections[i] > 0;
		if (connections[i] > 0)
			list(text, sizeof(text), pool->instances[i].name, connections[i]);
	}
	verify_add(verify, whole && answered == used ? VERIFY_OK : VERIFY_NOTE, "instances",
		port->target, "%u of %u: %s", answered, used, text);
}

void verify_who(struct verify *verify, const struct verify_port *port, const struct verify_own *own)
{
	const struct cluster_pool *pool = &verify->cluster->pools[verify->role];
	uint32_t *connections = calloc(pool->instance_count, sizeof(*connections));
	uint32_t strangers = 0, shared = 0, known = 0;

	if (connections == NULL) {
		verify->failed = true;
		return;
	}
	for (size_t i = 0; i < port->seen_count; i++) {
		uint32_t instance = instance_of(verify, own, &port->seen[i]);

		strangers += instance == NOBODY;
		shared += instance == SEVERAL;
		known += instance < SEVERAL;
		if (instance < SEVERAL)
			connections[instance] += port->seen[i].connections;
		add_answer(verify, port, &port->seen[i],
			instance < SEVERAL ? &pool->instances[instance] : NULL);
	}
	if (strangers > 0)
		verify_add(verify, VERIFY_NOTE, "instances", port->target,
			"%u of %zu that answered are none that could be asked at their own addresses",
			strangers, port->seen_count);
	if (shared > 0)
		verify_add(verify, VERIFY_NOTE, "instances", port->target,
			"several instances show the same %s: who answered cannot be told",
			port->seen[0].kind == PORT_CHECK_HOST_KEY ? "host key" : "certificate");
	if (known > 0)
		add_instances(verify, port, connections, strangers + shared == 0);
	if (known > 0 && strangers + shared == 0)
		add_zones(verify, port, connections);
	free(connections);
}
