// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as a frame: the parser reads only inside them, and what it says of them holds together.
#include <packet/hash.h>
#include <packet/headers.h>
#include <packet/parse.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_parse: %s\n", what);
	abort();
}

static bool has_ports(const struct packet *p)
{
	return p->kind == PACKET_TCP || p->kind == PACKET_UDP || p->kind == PACKET_ICMP_ERROR;
}

static void check_places(const struct packet *p, size_t size)
{
	if (p->kind == PACKET_NOT_IP) {
		require(p->family == ADDR_NONE, "no IP, but of a family");
		return;
	}
	require(p->family == ADDR_IPV4 || p->family == ADDR_IPV6, "IP of no family");
	require(p->l3_offset >= sizeof(struct eth_header) &&
			p->l3_offset + (size_t)p->l3_size <= size,
		"the packet is not inside the frame");
	require(p->l4_offset > p->l3_offset && p->l4_offset <= p->l3_offset + p->l3_size,
		"the payload is not inside the packet");
	require(p->kind != PACKET_LATER_FRAGMENT || p->fragmented, "a later fragment that is none");
}

static void check_tuple(const struct packet *p, const uint8_t *data)
{
	const uint8_t *ip = data + p->l3_offset;
	uint8_t protocol = (uint8_t)(p->family == ADDR_IPV4 ? p->ipv4.protocol : p->ipv6.protocol);
	struct addr destination = packet_destination(p);

	if (p->kind == PACKET_NOT_IP)
		return;
	require(memcmp(destination.bytes, ip + (p->family == ADDR_IPV4 ? 16 : 24),
			p->family == ADDR_IPV4 ? 4 : 16) == 0,
		"the tuple's destination is not the packet's");
	require(has_ports(p) ||
			(packet_source_port_be(p) == 0 && packet_destination_port_be(p) == 0),
		"ports where there are none");
	require(!has_ports(p) || protocol == IP_TCP || protocol == IP_UDP,
		"ports of an unknown protocol");
	require(p->kind != PACKET_TCP ||
			memcmp(data + p->l4_offset, &p->ipv4.source_port_be, 2) == 0 ||
			p->family == ADDR_IPV6,
		"the ports are not the packet's");
}

// What stands behind the packet in its frame is padding, and the port's word on the checksum
// changes nothing but the checksum's own verdict.
static void check_indifference(const uint8_t *data, size_t size, const struct packet *p)
{
	enum drop_reason reason;
	struct packet again;
	uint8_t *longer = malloc(size + 7);

	require(longer != NULL, "out of memory");
	memcpy(longer, data, size);
	memset(longer + size, 0xa5, 7);
	if (p->kind != PACKET_NOT_IP) {
		require(packet_parse(longer, size + 7, false, &again, &reason) == 0 &&
				memcmp(p, &again, sizeof(again)) == 0,
			"padding changes the packet");
	}
	free(longer);
	require(packet_parse(data, size, true, &again, &reason) == 0 &&
			memcmp(p, &again, sizeof(again)) == 0,
		"a known checksum changes the packet");
}

static void check_hash(const struct packet *p)
{
	static struct hash_key key;
	static bool made;
	struct hash128 fast;
	struct hash128 portable;

	if (!made)
		hash_key_init(&key, hash_key_builtin);
	made = true;
	hash_packets(&key, p, 1, &fast);
	hash_packets_portable(&key, p, 1, &portable);
	require(memcmp(&fast, &portable, sizeof(fast)) == 0, "two hashes of one tuple");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum drop_reason reason = DROP_REASON_COUNT;
	struct packet p;

	if (packet_parse(data, size, false, &p, &reason) != 0) {
		require(reason < DROP_REASON_COUNT, "dropped for no reason");
		// Most random changes break the checksum first: look behind it.
		if (reason != DROP_IPV4_CHECKSUM ||
			packet_parse(data, size, true, &p, &reason) != 0)
			return 0;
		check_places(&p, size);
		check_tuple(&p, data);
		return 0;
	}
	check_places(&p, size);
	check_tuple(&p, data);
	check_indifference(data, size, &p);
	check_hash(&p);
	return 0;
}
