// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/half_open_private.h>
#include <halfopen/relay.h>
#include <packet/headers.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct half_opens *half_opens_new(struct control *control)
{
	struct half_opens *half_opens = calloc(1, sizeof(*half_opens));

	if (half_opens == NULL)
		return NULL;
	half_opens->control = control;
	half_opens->count = (uint32_t)clock_monotonic_ns(); // not where the process before began
	half_opens->poll = evtimer_new(control->base, half_open_poll, half_opens);
	half_opens->accounts =
		calloc(control->config.daemon->backends_max, sizeof(*half_opens->accounts));
	if (half_opens->poll == NULL || half_opens->accounts == NULL ||
		map_init(&half_opens->attempts, 0) != 0) {
		half_opens_free(half_opens);
		return NULL;
	}
	// What routers say of tunnels comes by the same rings, whether there are probes or not.
	if (control->config.relay != NULL)
		half_open_poll_later(half_opens);
	return half_opens;
}

void half_opens_free(struct half_opens *half_opens)
{
	if (half_opens == NULL)
		return;
	if (half_opens->poll != NULL)
		event_free(half_opens->poll);
	map_free(&half_opens->attempts);
	free(half_opens->accounts);
	free(half_opens);
}

void half_opens_forget_addresses(struct half_opens *half_opens)
{
	memset(half_opens->own, 0, sizeof(half_opens->own));
}

uint32_t half_open_hash(const struct half_open *connection)
{
	return map_hash(&connection->sequence, sizeof(connection->sequence));
}

// Always by the same worker while that runs, so that a RST stays behind its SYN.
static bool transmit(const struct half_opens *half_opens, const struct sent *to,
	const struct half_open *connection, uint16_t (*make)(const struct half_open *, uint8_t *))
{
	const struct control_config *config = &half_opens->control->config;
	struct relay_packet packet = {.backend = to->backend,
		.service = to->service,
		.entropy = half_open_hash(connection)};

	uint32_t worker = stuck_instead(half_opens->control->stuck,
		(to->backend & BACKEND_INDEX_MASK) % config->worker_count, config->worker_count);

	packet.size = make(connection, packet.bytes);
	return worker != STUCK_ALL && relay_send(config->relay, worker, &packet);
}

static bool transmit_for(
	const struct attempt *attempt, uint16_t (*make)(const struct half_open *, uint8_t *))
{
	const struct sent to = {.backend = attempt->probe->backend, .service = attempt->service};

	return transmit(attempt->probe->half_opens, &to, &attempt->connection, make);
}

void half_open_reset_late(struct half_opens *half_opens, const struct half_open *connection)
{
	uint32_t count = (connection->sequence >> 16) * RELAY_PORT_COUNT +
			 (connection->own_port - RELAY_PORT_FIRST);
	const struct sent *sent = &half_opens->sent[count % HALF_OPEN_SENT];

	if (sent->count == count)
		transmit(half_opens, sent, connection, half_open_reset);
}

static void await(struct attempt *attempt)
{
	map_insert(&attempt->probe->half_opens->attempts, &attempt->node,
		half_open_hash(&attempt->connection));
	attempt->probe->left++;
	attempt->awaited = true;
}

void half_open_settle(struct attempt *attempt)
{
	map_remove(&attempt->probe->half_opens->attempts, &attempt->node);
	attempt->probe->left--;
	attempt->awaited = false;
}

void half_open_give_up(struct attempt *attempt)
{
	transmit_for(attempt, half_open_reset);
	half_open_settle(attempt);
}

void half_open_probe_free(struct half_open_probe *probe)
{
	for (uint32_t i = 0; i < probe->count; i++) {
		if (probe->attempts[i].awaited)
			half_open_give_up(&probe->attempts[i]);
	}
	free(probe);
}

static uint32_t ip_header_size(const struct addr *address)
{
	return address->family == ADDR_IPV4 ? sizeof(struct ipv4_header)
					    : sizeof(struct ipv6_header);
}

// The connection of service number 'at' of the configuration, as far as that says.
static void describe(struct attempt *attempt, uint32_t at)
{
	const struct configuration *running = attempt->probe->half_opens->control->running.now;
	const struct config_service *service = &running->config->services[at];

	attempt->service = running->services[at];
	attempt->tunnels = service->forwarding == CONFIG_IPIP;
	attempt->connection.vip = service->vip;
	attempt->connection.vip_port =
		config_half_open_port(service, &running->config->pools[service->pool_index]);
}

// What a segment may have, so that its packet fits into the tunnel.
static uint16_t most_mss(const struct attempt *attempt)
{
	const struct probe_request *request = &attempt->probe->request;
	const struct control *control = attempt->probe->half_opens->control;
	const struct running_backend *state = &control->running.states[request->id];
	uint32_t mtu = running_backend_path_mtu(state, control->config.ports[state->port].mtu);

	return (uint16_t)(mtu - ip_header_size(&request->address) -
			  ip_header_size(&attempt->connection.vip) - sizeof(struct tcp_header));
}

// A port and a sequence number that are new for a long time: both together hold the count.
static void number(struct attempt *attempt)
{
	struct half_opens *half_opens = attempt->probe->half_opens;
	struct half_open *connection = &attempt->connection;
	uint32_t count = half_opens->count++ % (RELAY_PORT_COUNT << 16);

	connection->own_port = (uint16_t)(RELAY_PORT_FIRST + count % RELAY_PORT_COUNT);
	connection->sequence = relay_sequence(half_opens->control->config.relay, connection,
		(uint16_t)(count / RELAY_PORT_COUNT));
	half_opens->sent[count % HALF_OPEN_SENT] =
		(struct sent){count, attempt->probe->backend, attempt->service};
}

// NULL, or why this machine cannot ask.
static const char *send_syn(struct attempt *attempt)
{
	struct half_opens *half_opens = attempt->probe->half_opens;
	struct half_open *connection = &attempt->connection;
	uint32_t index = attempt->probe->request.id;

	if (!half_opens->control->running.states[index].resolved)
		return "its next hop is not known";
	if (!half_open_own_address(half_opens, index, connection->vip.family, &connection->own))
		return connection->vip.family == ADDR_IPV4
			       ? "this machine has no IPv4 address of its own to ask from"
			       : "this machine has no IPv6 address of its own to ask from";
	number(attempt);
	attempt->most_mss = most_mss(attempt);
	if (!transmit_for(attempt, half_open_syn))
		return "the worker that is to ask is too busy, or stands still";
	await(attempt);
	return NULL;
}

static bool begin(struct half_open_probe *probe, struct attempt *attempt, uint32_t at)
{
	const char *why;

	attempt->probe = probe;
	describe(attempt, at);
	why = send_syn(attempt);
	if (why != NULL)
		half_open_say(&probe->result, PROBE_LOCAL, &attempt->connection, why);
	return why == NULL;
}

// Those whose turn it is, of the 'total' services that begin at 'first' in the configuration's list.
static bool begin_all(struct half_open_probe *probe, uint32_t first, uint32_t total)
{
	const struct control *control = probe->half_opens->control;
	uint32_t turn = control->running.states[probe->request.id].half_open_next;

	for (uint32_t i = 0; i < probe->count; i++) {
		uint32_t at = control->running.now->half_open[first + (turn + i) % total];

		if (!begin(probe, &probe->attempts[i], at))
			return false;
	}
	return true;
}

static void *half_open_start(const struct probe_request *request, struct probe_result *result)
{
	struct half_opens *half_opens = request->path_context;
	const struct configuration *running = half_opens->control->running.now;
	uint32_t at = running->places[request->id];
	uint32_t pool = at == CONFIGURATION_NONE ? 0 : running->config->backends[at].pool_index;
	uint32_t first = running->half_open_start[pool];
	uint32_t total = at == CONFIGURATION_NONE ? 0 : running->half_open_start[pool + 1] - first;
	uint32_t count = total < HALF_OPEN_WINDOW ? total : HALF_OPEN_WINDOW;
	struct half_open_probe *probe;

	if (count == 0 || half_opens->control->config.relay == NULL)
		return NULL; // no service leads to it
	probe = calloc(1, sizeof(*probe) + count * sizeof(probe->attempts[0]));
	if (probe == NULL) {
		*result = (struct probe_result){PROBE_LOCAL, .reason = "out of memory"};
		return NULL;
	}
	probe->half_opens = half_opens;
	probe->request = *request;
	probe->backend = running->backends[at];
	probe->count = count;
	probe->started_ns = clock_monotonic_ns();
	if (begin_all(probe, first, total)) {
		half_open_poll_later(half_opens);
		return probe;
	}
	*result = probe->result;
	half_open_probe_free(probe);
	return NULL;
}

static void half_open_cancel(void *probe)
{
	half_open_probe_free(probe);
}

static const char *half_open_doing(const void *probe)
{
	return "through the path to";
}

static void half_open_expire(void *context, const char *timeout, struct probe_result *result)
{
	const struct half_open_probe *probe = context;
	const struct attempt *attempt = probe->attempts;
	char why[64];

	while (!attempt->awaited)
		attempt++; // while a probe runs, it awaits one at least
	half_open_say_timeout(result, &attempt->connection, attempt->tunnels, timeout);
	if (control_doubts(probe->half_opens->control, probe->started_ns, 1, why, sizeof(why)) == 0)
		half_open_record(probe, PROBE_FAILED);
}

const struct probe_kind half_open_probe = {.start = half_open_start,
	.cancel = half_open_cancel,
	.doing = half_open_doing,
	.expire = half_open_expire};
