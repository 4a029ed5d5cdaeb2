// SPDX-License-Identifier: BSD-3-Clause
#include <halfopen/relay.h>

#include <base/siphash.h>
#include <rte_ring_elem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

// Both sides empty them every other millisecond or so.
#define RING_SIZE 1024

struct pair {
	struct rte_ring *packets; // to the worker
	struct rte_ring *answers; // and back
};

struct relay {
	uint8_t key[16];
	uint32_t count;
	struct pair pairs[];
};

static struct rte_ring *new_ring(const char *kind, uint32_t worker, uint32_t element)
{
	static uint32_t rings; // DPDK's objects have names
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s-%u-%u", kind, worker, ++rings);
	return rte_ring_create_elem(
		name, element, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

struct relay *relay_new(uint32_t workers)
{
	struct relay *relay = calloc(1, sizeof(*relay) + workers * sizeof(relay->pairs[0]));

	if (relay == NULL)
		return NULL;
	relay->count = workers;
	for (uint32_t w = 0; w < workers; w++) {
		struct pair *pair = &relay->pairs[w];

		pair->packets = new_ring("probes", w, sizeof(struct relay_packet));
		pair->answers = new_ring("answers", w, sizeof(struct relay_answer));
		if (pair->packets == NULL || pair->answers == NULL) {
			relay_free(relay);
			return NULL;
		}
	}
	if (getrandom(relay->key, sizeof(relay->key), 0) != sizeof(relay->key)) {
		relay_free(relay);
		return NULL;
	}
	return relay;
}

void relay_free(struct relay *relay)
{
	for (uint32_t w = 0; relay != NULL && w < relay->count; w++) {
		rte_ring_free(relay->pairs[w].packets);
		rte_ring_free(relay->pairs[w].answers);
	}
	free(relay);
}

uint32_t relay_sequence(
	const struct relay *relay, const struct halfopen_connection *connection, uint16_t count)
{
	struct halfopen_connection key;

	memset(&key, 0, sizeof(key)); // what lies between its fields, too
	key.own = connection->own;
	key.vip = connection->vip;
	key.own_port = connection->own_port;
	key.sequence = count;
	return (uint32_t)count << 16 | (siphash(relay->key, &key, sizeof(key)) & UINT16_MAX);
}

bool relay_is_ours(const struct relay *relay, const struct halfopen_connection *connection)
{
	return relay_sequence(relay, connection, (uint16_t)(connection->sequence >> 16)) ==
	       connection->sequence;
}

bool relay_send(struct relay *relay, uint32_t worker, const struct relay_packet *packet)
{
	return rte_ring_enqueue_elem(
		       relay->pairs[worker].packets, (void *)packet, sizeof(*packet)) == 0;
}

bool relay_take(struct relay *relay, uint32_t worker, struct relay_answer *out)
{
	return rte_ring_dequeue_elem(relay->pairs[worker].answers, out, sizeof(*out)) == 0;
}

bool relay_next(struct relay *relay, uint32_t worker, struct relay_packet *out)
{
	return rte_ring_dequeue_elem(relay->pairs[worker].packets, out, sizeof(*out)) == 0;
}

bool relay_answer(struct relay *relay, uint32_t worker, const uint8_t *bytes, uint32_t size)
{
	struct relay_answer answer = {.size = size < RELAY_ANSWER_SIZE ? size : RELAY_ANSWER_SIZE};

	memcpy(answer.bytes, bytes, answer.size);
	return rte_ring_enqueue_elem(relay->pairs[worker].answers, &answer, sizeof(answer)) == 0;
}
