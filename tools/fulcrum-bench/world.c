// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include "balancer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <flow/flow.h>
#include <packet/headers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BALANCERS_MAX 1024u

// A connection: all that its client and its backend know of it.
struct connection {
	uint32_t number; // its tuple is drawn from that
	uint32_t began; // moment
	uint16_t owner; // backend
	uint16_t balancer; // the one that had its last packet, by incarnation
	uint16_t group;
};

struct member {
	struct balancer *balancer;
	uint16_t incarnation;
};

struct world {
	struct world_options options;
	struct pool pool;
	struct view *view;
	struct member members[BALANCERS_MAX];
	uint32_t member_count;
	uint16_t incarnations;
	struct connection *connections;
	uint32_t flow_count;
	uint32_t group_count;
	uint32_t next_number;
	uint64_t begun; // connections, so far
	uint32_t now_s;
	uint32_t moment;
	uint32_t changed; // the moment of the last change of the pool
	double renew_percent;
	bool pool_dirty;
};

static uint64_t mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15; // SplitMix64
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

static struct packet packet_of(const struct world *world, uint32_t number, uint8_t tcp_flags)
{
	uint64_t bits = mix((uint64_t)world->options.seed << 32 | number);

	return (struct packet){
		.ipv4 = {.source_be = (uint32_t)bits,
			.destination_be = htonl(0xcb00710a),
			.source_port_be = (uint16_t)(bits >> 32 | 1),
			.destination_port_be = htons(443),
			.protocol = IP_TCP},
		.family = ADDR_IPV4,
		.kind = PACKET_TCP,
		.tcp_flags = tcp_flags,
		.payload_protocol = IP_TCP,
	};
}

// The router's choice: its own hash of the tuple, which is not ours.
static struct member *route(struct world *world, uint32_t number)
{
	uint64_t hash = mix(~((uint64_t)world->options.seed << 32 | number));

	return &world->members[hash % world->member_count];
}

static enum broken cause_of(
	const struct world *world, const struct connection *c, const struct judgement *judged)
{
	const struct pool_backend *owner = &world->pool.backends[c->owner];
	const struct member *member = route((struct world *)world, c->number);

	if (owner->disabled)
		return BROKEN_DISABLED;
	if (owner->dead)
		return BROKEN_DOWN;
	if (judged->backend == BACKEND_NONE)
		return BROKEN_DROPPED;
	if (judged->known)
		return BROKEN_MISTAKEN;
	if (member->incarnation == c->balancer)
		return BROKEN_FORGOTTEN;
	return c->began >= world->changed ? BROKEN_MOVED_YOUNG : BROKEN_MOVED;
}

static struct judgement send_packet(
	struct world *world, struct connection *c, const struct packet *packet)
{
	return balancer_judge(route(world, c->number)->balancer, world->view, packet, world->now_s);
}

// A SYN, and the packet after it.
static void open_connection(struct world *world, struct connection *c, struct world_count *count)
{
	struct packet packet;
	struct judgement judged;

	*c = (struct connection){
		.number = world->next_number++, .began = world->moment, .group = c->group};
	world->begun++;
	packet = packet_of(world, c->number, TCP_SYN);
	judged = send_packet(world, c, &packet);
	c->owner = judged.backend;
	c->balancer = route(world, c->number)->incarnation;
	count->packets++;
	if (judged.backend == BACKEND_NONE) {
		count->refused++;
		return;
	}
	packet.tcp_flags = TCP_ACK;
	send_packet(world, c, &packet);
	count->packets++;
}

static void close_connection(struct world *world, struct connection *c)
{
	struct packet packet = packet_of(world, c->number, TCP_FIN | TCP_ACK);

	if (c->owner != BACKEND_NONE)
		send_packet(world, c, &packet);
}

static void send_data(struct world *world, struct connection *c, struct world_count *count)
{
	struct packet packet = packet_of(world, c->number, TCP_ACK);
	struct judgement judged;

	if (c->owner == BACKEND_NONE) {
		open_connection(world, c, count);
		return;
	}
	judged = send_packet(world, c, &packet);
	count->packets++;
	count->connections++;
	if (judged.backend == c->owner && !world->pool.backends[c->owner].dead) {
		c->balancer = route(world, c->number)->incarnation;
		return;
	}
	count->broken[cause_of(world, c, &judged)]++;
	count->broken_by_group[c->group]++;
	open_connection(world, c, count);
}

static int publish(struct world *world, struct error *err)
{
	if (world->pool_dirty)
		world->changed = world->moment;
	world->pool_dirty = false;
	return view_publish(world->view, &world->pool, world->now_s, world->begun, err);
}

// As the daemon's clock goes: a slow start takes its steps while nobody sends.
static int pass_seconds(struct world *world, uint32_t seconds, struct error *err)
{
	int rc = 0;

	while (seconds-- > 0 && rc == 0) {
		world->now_s++;
		world->pool_dirty |= pool_age(&world->pool, world->now_s);
		if (world->pool_dirty || view_is_due(world->view, world->now_s))
			rc = publish(world, err);
	}
	return rc;
}

int world_go_on(struct world *world, struct world_count *count, struct error *err)
{
	int rc;

	world->moment++;
	rc = pass_seconds(world, 1, err);
	if (rc == 0)
		rc = publish(world, err);
	count->groups = world->group_count;
	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < world->flow_count; i++) {
		struct connection *c = &world->connections[i];
		uint64_t draw = mix(c->number ^ (uint64_t)world->moment << 40);

		if ((double)(draw >> 11) * 0x1p-53 * 100 < world->renew_percent) {
			close_connection(world, c);
			open_connection(world, c, count);
		}
		send_data(world, c, count);
	}
	world->renew_percent = 0;
	return 0;
}

static int add_balancer(struct world *world, struct member *member, struct error *err)
{
	struct balancer *balancer = balancer_new(world->options.capacity);

	if (balancer == NULL)
		return error_set(err, ENOMEM, "no balancer can have a table of %llu flows",
			(unsigned long long)world->options.capacity);
	*member = (struct member){balancer, ++world->incarnations};
	return 0;
}

static int apply_to_balancers(
	struct world *world, const struct script_event *event, struct error *err)
{
	struct member *member = &world->members[event->number];

	if (event->verb == SCRIPT_BALANCER_ADD) {
		if (world->member_count == BALANCERS_MAX)
			return error_set(
				err, EINVAL, "there are %u balancers already", BALANCERS_MAX);
		return add_balancer(world, &world->members[world->member_count++], err);
	}
	if (event->number >= world->member_count)
		return error_set(err, EINVAL, "there is no balancer %u", event->number);
	if (event->verb == SCRIPT_BALANCER_LOSE && world->member_count == 1)
		return error_set(err, EINVAL, "the last balancer cannot be lost");
	balancer_free(member->balancer);
	if (event->verb == SCRIPT_BALANCER_RESTART)
		return add_balancer(world, member, err);
	memmove(member, member + 1, (--world->member_count - event->number) * sizeof(*member));
	return 0;
}

// One more group of flows, which begin one after the other.
static int add_flows(struct world *world, uint32_t count, struct error *err)
{
	struct world_count ignored = {0};
	struct connection *grown = NULL;

	if (count <= UINT32_MAX / 2 - world->flow_count)
		grown = realloc(
			world->connections, ((size_t)world->flow_count + count) * sizeof(*grown));
	if (grown == NULL)
		return error_set(err, ENOMEM, "no memory for %u flows more", count);
	world->connections = grown;
	for (uint32_t i = world->flow_count; i < world->flow_count + count; i++) {
		grown[i] = (struct connection){.group = (uint16_t)world->group_count};
		open_connection(world, &grown[i], &ignored);
	}
	world->flow_count += count;
	if (world->group_count + 1 < WORLD_GROUPS_MAX)
		world->group_count++;
	return 0;
}

int world_apply(struct world *world, const struct script_event *event, struct error *err)
{
	int rc = 0;

	if (event->verb <= SCRIPT_SLOW_START) {
		world->pool_dirty = true;
		return pool_apply(&world->pool, event, err);
	}
	if (event->verb <= SCRIPT_BALANCER_RESTART)
		return apply_to_balancers(world, event, err);
	if (event->verb == SCRIPT_FLOWS_RENEW)
		world->renew_percent = event->percent;
	else if (event->verb == SCRIPT_FLOWS_ADD)
		rc = add_flows(world, event->number, err);
	else if (event->verb == SCRIPT_WAIT)
		rc = pass_seconds(world, event->number, err);
	return rc;
}

static int populate(struct world *world, struct error *err)
{
	int rc = pool_fill(&world->pool, world->options.backends);

	if (rc != 0)
		return error_set(err, ENOMEM, "no memory for the backends");
	while (world->member_count < world->options.balancers) {
		rc = add_balancer(world, &world->members[world->member_count], err);
		if (rc != 0)
			return rc;
		world->member_count++;
	}
	rc = publish(world, err);
	return rc != 0 ? rc : add_flows(world, world->options.flows, err);
}

int world_new(const struct world_options *options, struct world **out, struct error *err)
{
	struct world *world = calloc(1, sizeof(*world));
	int rc;

	if (options->balancers == 0 || options->balancers > BALANCERS_MAX) {
		free(world);
		return error_set(err, EINVAL, "%u balancers are not between 1 and %u",
			options->balancers, BALANCERS_MAX);
	}
	if (world != NULL) {
		world->options = *options;
		world->view = view_new(options->table_size);
	}
	if (world == NULL || world->view == NULL) {
		world_free(world);
		return error_set(err, ENOMEM, "no memory for %u flows", options->flows);
	}
	rc = populate(world, err);
	if (rc != 0) {
		world_free(world);
		return rc;
	}
	*out = world;
	return 0;
}

void world_free(struct world *world)
{
	if (world == NULL)
		return;
	for (uint32_t i = 0; i < world->member_count; i++)
		balancer_free(world->members[i].balancer);
	view_free(world->view);
	pool_free(&world->pool);
	free(world->connections);
	free(world);
}

struct world_memory world_memory(const struct world *world)
{
	return (struct world_memory){
		.table = flow_table_footprint(world->options.capacity),
		.view = view_size(world->view),
		.connections = world->flow_count * sizeof(struct connection),
	};
}

const char *broken_name(enum broken cause)
{
	static const char *const names[BROKEN_CAUSES] = {
		[BROKEN_DOWN] = "backend dead",
		[BROKEN_DISABLED] = "backend disabled",
		[BROKEN_DROPPED] = "dropped",
		[BROKEN_MISTAKEN] = "wrong entry",
		[BROKEN_FORGOTTEN] = "entry lost",
		[BROKEN_MOVED] = "moved",
		[BROKEN_MOVED_YOUNG] = "moved, young",
	};

	return names[cause];
}
