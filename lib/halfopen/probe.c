// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <frames/ip.h>
#include <halfopen/halfopen_private.h>

#include <stdlib.h>
#include <string.h>

// Always by the same worker while that runs, so that a RST stays behind its SYN.
static bool halfopen_transmit(const struct halfopen *halfopen, const struct halfopen_sent *to,
	const struct halfopen_connection *connection,
	uint16_t (*make)(const struct halfopen_connection *, uint8_t *))
{
	const struct halfopen_needs *needs = &halfopen->needs;
	struct relay_packet packet = {.backend = to->backend,
		.service = to->service,
		.entropy = halfopen_hash(connection)};
	uint32_t worker = needs->choose_worker(
		needs->context, (to->backend & BACKEND_INDEX_MASK) % needs->worker_count);

	packet.size = make(connection, packet.bytes);
	return worker != HALFOPEN_NO_WORKER && relay_send(needs->relay, worker, &packet);
}

static bool halfopen_transmit_for(const struct halfopen_attempt *attempt,
	uint16_t (*make)(const struct halfopen_connection *, uint8_t *))
{
	const struct halfopen_sent to = {
		.backend = attempt->probe->backend, .service = attempt->service};

	return halfopen_transmit(attempt->probe->halfopen, &to, &attempt->connection, make);
}

void halfopen_reset_late(struct halfopen *halfopen, const struct halfopen_connection *connection)
{
	uint32_t count = (connection->sequence >> 16) * RELAY_PORT_COUNT +
			 (connection->own_port - RELAY_PORT_FIRST);
	const struct halfopen_sent *sent = &halfopen->sent[count % HALFOPEN_SENT];

	if (sent->count == count)
		halfopen_transmit(halfopen, sent, connection, halfopen_write_reset);
}

static void halfopen_await(struct halfopen_attempt *attempt)
{
	map_insert(&attempt->probe->halfopen->attempts, &attempt->node,
		halfopen_hash(&attempt->connection));
	attempt->probe->left++;
	attempt->awaited = true;
}

void halfopen_settle(struct halfopen_attempt *attempt)
{
	map_remove(&attempt->probe->halfopen->attempts, &attempt->node);
	attempt->probe->left--;
	attempt->awaited = false;
}

void halfopen_give_up(struct halfopen_attempt *attempt)
{
	halfopen_transmit_for(attempt, halfopen_write_reset);
	halfopen_settle(attempt);
}

void halfopen_probe_free(struct halfopen_probe *probe)
{
	for (uint32_t i = 0; i < probe->count; i++) {
		if (probe->attempts[i].awaited)
			halfopen_give_up(&probe->attempts[i]);
	}
	free(probe);
}

// The connection of service number 'at' of the configuration, as far as that says.
static void halfopen_describe(struct halfopen_attempt *attempt, uint32_t at)
{
	const struct configuration *running = attempt->probe->halfopen->needs.running->now;
	const struct config_service *service = &running->config->services[at];

	attempt->service = running->services[at];
	attempt->tunnels = service->forwarding == CONFIG_IPIP;
	attempt->connection.vip = service->vip;
	attempt->connection.vip_port =
		config_half_open_port(service, &running->config->pools[service->pool_index]);
}

// What a segment may have, so that its packet fits into the tunnel.
static uint16_t halfopen_most_mss(const struct halfopen_attempt *attempt)
{
	const struct probe_request *request = &attempt->probe->request;
	const struct halfopen_needs *needs = &attempt->probe->halfopen->needs;
	const struct running_backend *state = &needs->running->states[request->id];
	uint32_t mtu = running_backend_path_mtu(state, needs->ports[state->port].mtu);

	return (uint16_t)(mtu - ip_header_size(request->address.family) -
			  ip_header_size(attempt->connection.vip.family) -
			  sizeof(struct tcp_header));
}

// A port and a sequence number that are new for a long time: both together hold the count.
static void halfopen_number(struct halfopen_attempt *attempt)
{
	struct halfopen *halfopen = attempt->probe->halfopen;
	struct halfopen_connection *connection = &attempt->connection;
	uint32_t count = halfopen->count++ % (RELAY_PORT_COUNT << 16);

	connection->own_port = (uint16_t)(RELAY_PORT_FIRST + count % RELAY_PORT_COUNT);
	connection->sequence = relay_sequence(
		halfopen->needs.relay, connection, (uint16_t)(count / RELAY_PORT_COUNT));
	halfopen->sent[count % HALFOPEN_SENT] =
		(struct halfopen_sent){count, attempt->probe->backend, attempt->service};
}

// NULL, or why this machine cannot ask.
static const char *halfopen_send_syn(struct halfopen_attempt *attempt)
{
	struct halfopen *halfopen = attempt->probe->halfopen;
	struct halfopen_connection *connection = &attempt->connection;
	uint32_t index = attempt->probe->request.id;

	if (!halfopen->needs.running->states[index].resolved)
		return "its next hop is not known";
	if (!halfopen_own_address(halfopen, index, connection->vip.family, &connection->own))
		return connection->vip.family == ADDR_IPV4
			       ? "this machine has no IPv4 address of its own to ask from"
			       : "this machine has no IPv6 address of its own to ask from";
	halfopen_number(attempt);
	attempt->most_mss = halfopen_most_mss(attempt);
	if (!halfopen_transmit_for(attempt, halfopen_write_syn))
		return "the worker that is to ask is too busy, or stands still";
	halfopen_await(attempt);
	return NULL;
}

static bool halfopen_begin(
	struct halfopen_probe *probe, struct halfopen_attempt *attempt, uint32_t at)
{
	const char *why;

	attempt->probe = probe;
	halfopen_describe(attempt, at);
	why = halfopen_send_syn(attempt);
	if (why != NULL)
		halfopen_say(&probe->result, PROBE_LOCAL, &attempt->connection, why);
	return why == NULL;
}

// Those whose turn it is, of the 'total' services that begin at 'first' in the configuration's
// list.
static bool halfopen_begin_all(struct halfopen_probe *probe, uint32_t first, uint32_t total)
{
	const struct running *running = probe->halfopen->needs.running;
	uint32_t turn = running->states[probe->request.id].half_open_next;

	for (uint32_t i = 0; i < probe->count; i++) {
		uint32_t at = running->now->half_open[first + (turn + i) % total];

		if (!halfopen_begin(probe, &probe->attempts[i], at))
			return false;
	}
	return true;
}

static void *halfopen_start(const struct probe_request *request, struct probe_result *result)
{
	struct halfopen *halfopen = request->path_context;
	const struct configuration *running = halfopen->needs.running->now;
	uint32_t at = running->places[request->id];
	uint32_t pool = at == CONFIGURATION_NONE ? 0 : running->config->backends[at].pool_index;
	uint32_t first = running->half_open_start[pool];
	uint32_t total = at == CONFIGURATION_NONE ? 0 : running->half_open_start[pool + 1] - first;
	uint32_t count = total < HALFOPEN_WINDOW ? total : HALFOPEN_WINDOW;
	struct halfopen_probe *probe;

	if (count == 0 || halfopen->needs.relay == NULL)
		return NULL; // no service leads to it
	probe = calloc(1, sizeof(*probe) + count * sizeof(probe->attempts[0]));
	if (probe == NULL) {
		*result = (struct probe_result){PROBE_LOCAL, .reason = "out of memory"};
		return NULL;
	}
	probe->halfopen = halfopen;
	probe->request = *request;
	probe->backend = running->backends[at];
	probe->count = count;
	probe->started_ns = clock_monotonic_ns();
	if (halfopen_begin_all(probe, first, total)) {
		halfopen_poll_later(halfopen);
		return probe;
	}
	*result = probe->result;
	halfopen_probe_free(probe);
	return NULL;
}

static void halfopen_cancel(void *probe)
{
	halfopen_probe_free(probe);
}

static const char *halfopen_doing(const void *probe)
{
	return "through the path to";
}

static void halfopen_expire(void *context, const char *timeout, struct probe_result *result)
{
	const struct halfopen_probe *probe = context;
	const struct halfopen_attempt *attempt = probe->attempts;
	const struct halfopen_needs *needs = &probe->halfopen->needs;

	while (!attempt->awaited)
		attempt++; // while a probe runs, it awaits one at least
	halfopen_say_timeout(result, &attempt->connection, attempt->tunnels, timeout);
	if (!needs->is_doubtful(needs->context, probe->started_ns))
		halfopen_record(probe, PROBE_FAILED);
}

const struct probe_kind halfopen_probe_kind = {.start = halfopen_start,
	.cancel = halfopen_cancel,
	.doing = halfopen_doing,
	.expire = halfopen_expire};
