// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include <base/error.h>
#include <config/config.h>
#include <encap/encap.h>
#include <flow/flow.h>
#include <packet/hash.h>
#include <packet/parse.h>
#include <rte_prefetch.h>
#include <snapshot/past.h>
#include <stdbool.h>
#include <stdint.h>

// Configuration, health and next hops, compiled for the workers: all that a packet's judgement
// reads. Built whole by a job beside the control lcore, immutable once published
// (snapshot/publish.h), freed after every worker has passed a quiescent point. What did not change
// since the previous snapshot (Maglev tables) is shared with it and counted.

// --- Backends ---

// A backend is known to the flow tables by a reference: an index that stays its own while it is
// configured, and a generation that tells it from an earlier owner of the index.
#define BACKEND_INDEX_BITS 24
#define BACKEND_INDEX_MASK ((1u << BACKEND_INDEX_BITS) - 1)

static inline uint32_t backend_reference(uint32_t index, uint8_t generation)
{
	return index | (uint32_t)generation << BACKEND_INDEX_BITS;
}

enum backend_status {
	BACKEND_GONE, // no longer configured
	BACKEND_UP,
	BACKEND_DRAINING, // keeps its flows, takes none: draining, or health not known yet, or weight 0
	BACKEND_DOWN, // the pool's on_down decides
	BACKEND_DISABLED, // its flows are chosen anew
	BACKEND_RESET, // its flows are reset
	BACKEND_PARTLY, // not the same for all services of its pool: snapshot_status()
};

#define BACKEND_PORT_NONE 15 // its next hop is not resolved

// One cache line: what a packet needs of its backend.
struct snapshot_backend {
	uint16_t mtu; // of the path: what the outer packet may have from its IP header on
	uint8_t generation;
	uint8_t port : 4; // the pipeline's port number, BACKEND_PORT_NONE
	uint8_t status : 4; // enum backend_status
	struct encap encap;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct snapshot_backend) == 64, "a backend is one cache line");

// --- Pools, as services see them ---

#define VIEW_NONE UINT32_MAX

// What services that want the same of a pool see of it: who of its backends takes their flows. Its
// tables are its own, so that those before a change are the ones that these services had.
struct snapshot_view {
	struct snapshot_generation *current; // NULL: nobody is usable
	struct snapshot_generation *remembered; // what a miss asks; NULL: 'current'
	struct snapshot_past *past; // NULL: nothing is remembered
	uint64_t policy; // what its services want, as a hash
	uint64_t begun; // flows, under 'current' since 'past' was weighed
	uint32_t changed_s; // when 'current' came, on the builder's clock
	uint32_t next; // another view of the pool, VIEW_NONE
	uint32_t probe; // number of the probe that its services go by
	uint32_t service_count; // that share it
	uint8_t on_down; // enum config_on_down
	uint8_t oversize; // enum config_oversize
	bool is_spread; // everybody was down, and on_all_down spreads over all
	bool rejects; // nobody takes its flows, and on_all_down says to tell who asks
	bool is_settled; // the health of all backends was known once: before, nobody knows what a change replaced
};

struct snapshot_pool {
	char name[CONFIG_NAME_SIZE];
	uint32_t first_view; // there always is one
	uint32_t tables_built; // since the pool first appeared
	uint32_t usable; // backends that take new flows of one of its services at least
};

// A zone of the pool, to the services of a view.
struct snapshot_zone {
	char name[CONFIG_NAME_SIZE]; // "": of backends without one
	uint32_t rank; // among those that the services prefer, from 1; 0: it is none of them
	uint32_t backends;
	uint32_t usable; // backends that take new flows: active, up, and with a next hop
	uint32_t slots; // of the view's table
	uint32_t share_ppm; // of the new flows
	uint64_t weight; // of all its backends
	uint64_t able; // of those that are usable, as much as their slow start gives
};

// What nobody asks for on the way of a packet.
struct snapshot_account {
	struct snapshot_zone *zones; // the preferred ones first, the others as the pool has them
	uint32_t zone_count;
	uint32_t usable;
};

// --- Services ---

#define SERVICE_NONE 0xffffu

// Where a service is reached, in words that compare at once: how a packet finds it
// (snapshot_find_exact()).
struct snapshot_endpoint {
	uint64_t address[2]; // as on the wire; IPv4 in the first 4 bytes, the others zero
	uint32_t rest; // port, protocol, family; 0 is nobody's
};

// One cache line: what a packet needs of its service.
struct snapshot_service {
	struct snapshot_endpoint endpoint; // of a service with one port and protocol; else nobody's
	uint64_t salt; // of source affinity: the same on every balancer
	uint32_t view;
	uint32_t flow_source_be; // bits of the outer source's last 32 that are drawn for each flow
	struct flow_ttl ttl; // as in the snapshot's 'ttls'
	uint8_t forwarding; // enum config_forwarding
	uint8_t affinity; // enum config_affinity
	uint8_t is_configured;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct snapshot_service) == 64, "a service is one cache line");

// The services with one port and protocol, by their endpoints: two bytes a place, so that it stays
// in the cache.
struct snapshot_exact {
	uint16_t *table; // open addressing; SERVICE_NONE: an empty place
	uint32_t shift; // 64 less log2 of its size
	uint32_t mask;
};

// Which service any port has: a directory of pages, so that ranges and any-port services cost what
// a single port costs.
#define PORT_PAGE_SIZE 256

struct snapshot_ports {
	uint16_t page[65536 / PORT_PAGE_SIZE];
};

struct snapshot_port_page {
	uint16_t service[PORT_PAGE_SIZE];
};

struct snapshot_vip {
	struct addr address; // ADDR_NONE: an empty place
	uint32_t tcp; // index of its struct snapshot_ports
	uint32_t udp;
	uint32_t zero;
};
_Static_assert(sizeof(struct snapshot_vip) == 32, "two VIPs a cache line");

struct snapshot_vips {
	struct snapshot_vip *table; // open addressing
	uint32_t shift; // 64 less log2 of its size
	uint32_t mask;
	struct snapshot_ports *ports; // number 0 has no service at all
	struct snapshot_port_page *pages;
	uint32_t port_count;
	uint32_t page_count;
};

// --- What is the balancer's own ---

#define OWN_FILTER_BITS 3 // log2 of the filter's bits a place of the table

// A MAC beside the port's own that its frames may be to: VRRP's, where the kernel has an interface
// with it.
struct snapshot_mac {
	uint8_t port; // the pipeline's number
	struct mac mac;
};

// The addresses that no client has: the VIPs, and those that the kernel has. A bit of the filter
// says of nearly every other address that it is none of them; and its first byte alone says so of
// nearly every IPv4 address.
struct snapshot_own {
	uint8_t is_first[256]; // of one of these, or of one that no host has
	uint64_t *filter;
	struct addr *table; // open addressing; ADDR_NONE: an empty place
	uint32_t shift; // 64 less log2 of the filter's bits
	uint32_t mask; // of the table's places
	struct snapshot_mac *macs;
	uint32_t mac_count;
};

struct snapshot {
	uint64_t version; // counts the snapshots since the start
	struct hash_key key;
	struct snapshot_vips vips;
	struct snapshot_exact exact;
	struct snapshot_own own;
	struct snapshot_backend *backends; // by index; 'backend_capacity' of them
	uint8_t (*partly)[CONFIG_PROBES_MAX]; // by index and probe; NULL: nobody is BACKEND_PARTLY
	uint32_t backend_capacity;
	uint32_t service_capacity;
	struct snapshot_service *services; // by index
	struct flow_ttl *ttls; // by the service's index
	uint64_t *counted; // likewise: flows that had begun when it was built
	struct snapshot_view *views;
	uint32_t view_count;
	struct snapshot_account *accounts; // of each view
	uint32_t *zone_rows; // by a service's index: which of all zone rows is its first one
	struct snapshot_pool *pools; // as the configuration has them
	uint32_t pool_count;
};

// The one rule for who takes new flows of a service: up to it, with a next hop, and a weight. Who
// is counted as usable, announces a VIP, or stands in a table is asked by this.
static inline bool snapshot_is_usable(
	enum backend_status status, bool resolved, const struct config_backend *config)
{
	return status == BACKEND_UP && resolved && config->weight > 0;
}

// Slow start: of how many tenths of its weight a backend is kept yet, so long after it came up.
static inline uint8_t snapshot_slow_start_tenths(uint64_t elapsed_s, uint32_t whole_s)
{
	return elapsed_s < whole_s ? (uint8_t)(9 - elapsed_s * 9 / whole_s) : 0;
}

// --- Building, on the job thread (at the start, before workers run, on the control lcore) ---

struct snapshot_backend_input {
	uint32_t reference;
	enum backend_status status;
	uint8_t partly
		[CONFIG_PROBES_MAX]; // BACKEND_PARTLY: by the probe's number, enum backend_status
	uint8_t slow_start_tenths; // tenths of its weight that it does not get yet, 0..9
	bool unasked; // meant to serve, and nothing is known of its health yet
	bool awaited; // it served until a restart: its place is kept until its next hop is known again
	bool resolved; // what follows is known
	uint8_t port;
	uint16_t mtu;
	uint16_t vlan_tci;
	struct mac source_mac;
	struct mac next_hop_mac;
	struct addr outer_source;
};

// What the kernel says is this machine's.
struct snapshot_own_input {
	const struct addr *addresses;
	uint32_t address_count;
	const struct snapshot_mac *macs;
	uint32_t mac_count;
};

struct snapshot_input {
	const struct config *config;
	const struct snapshot_backend_input *backends; // one for each of the configuration's
	const uint16_t *services; // the index of each of the configuration's
	const struct snapshot_own_input *own; // NULL: nothing
	const uint8_t *probes; // the number of the probe that each of them goes by; NULL: 0 for all
	const uint64_t *
		begun; // flows of each of them so far, by the workers' counters; NULL: nobody counts
	uint32_t backend_capacity;
	uint32_t service_capacity;
	uint64_t version;
	uint32_t now_s; // of any clock that counts seconds
};

// 'previous' may be NULL. 0 and '*out', or -ENOMEM, -EINVAL with the sentence.
int snapshot_build(const struct snapshot_input *input, const struct snapshot *previous,
	struct snapshot **out, struct error *err);
void snapshot_free(struct snapshot *snapshot); // NULL is fine
// True: what its views remember is to be weighed anew, by another build.
bool snapshot_is_due(const struct snapshot *snapshot, uint32_t now_s);

// What a snapshot takes of the heap, as the allocator has it. What several of its views share
// counts once; what other snapshots share with it counts here, too.
struct snapshot_part {
	uint64_t count;
	uint64_t bytes;
};

struct snapshot_memory {
	struct snapshot_part backends; // places for them
	struct snapshot_part services;
	struct snapshot_part vips; // places for them; with the maps of their ports
	struct snapshot_part views; // with the pools
	struct snapshot_part tables; // Maglev's, those that are remembered too
	struct snapshot_part members; // of the tables
};

// Any thread that keeps the snapshot from being freed. 0 or -ENOMEM.
int snapshot_measure(const struct snapshot *snapshot, struct snapshot_memory *out);

// NULL where there is none of that name. Looks at pool number 'start' first: for those who know
// where it stood before.
const struct snapshot_pool *snapshot_find_pool_from(
	const struct snapshot *snapshot, const char *name, uint32_t start);

// Of a service by its index; an empty one where it is not configured.
const struct snapshot_account *snapshot_service_account(
	const struct snapshot *snapshot, uint32_t service);
// How many zones all services have together.
static inline uint32_t snapshot_zone_rows(const struct snapshot *snapshot)
{
	return snapshot->zone_rows[snapshot->service_capacity];
}

// Of the zones of all services row number 'row', and the service's index. NULL: there are no more.
const struct snapshot_zone *snapshot_find_zone(
	const struct snapshot *snapshot, uint32_t row, uint32_t *service);

// --- Looking up, any thread ---

// Of an address's 16 bytes as struct addr has them.
static inline uint64_t addr_fold(const uint8_t bytes[16])
{
	uint64_t half[2];

	memcpy(half, bytes, sizeof(half));
	return half[0] ^ half[1] * 3;
}

static inline uint32_t snapshot_vip_place(
	const struct snapshot_vips *vips, const struct addr *address)
{
	return (uint32_t)((addr_fold(address->bytes) * 0x9e3779b97f4a7c15ull) >> vips->shift);
}

// NULL: not a VIP.
static inline const struct snapshot_vip *snapshot_find_vip(
	const struct snapshot_vips *vips, const struct addr *address)
{
	for (uint32_t at = snapshot_vip_place(vips, address);; at++) {
		const struct snapshot_vip *vip = &vips->table[at & vips->mask];

		if (vip->address.family == ADDR_NONE)
			return NULL;
		if (addr_equal(&vip->address, address))
			return vip;
	}
}

bool snapshot_own_has(const struct snapshot_own *own, const struct addr *address);
bool snapshot_own_has_mac(const struct snapshot_own *own, uint32_t port, const uint8_t mac[6]);

// SERVICE_NONE where the VIP has none with that protocol and port.
static inline uint16_t snapshot_find_service(const struct snapshot_vips *vips,
	const struct snapshot_vip *vip, uint32_t protocol, uint16_t port)
{
	uint32_t map = protocol == IP_TCP ? vip->tcp : protocol == IP_UDP ? vip->udp : 0;

	return vips->pages[vips->ports[map].page[port / PORT_PAGE_SIZE]]
		.service[port % PORT_PAGE_SIZE];
}

static inline uint32_t snapshot_endpoint_rest(uint8_t family, uint8_t protocol, uint16_t port_be)
{
	return (uint32_t)family << 24 | (uint32_t)protocol << 16 | port_be;
}

// Of a packet with ports.
static inline struct snapshot_endpoint snapshot_endpoint_of(const struct packet *packet)
{
	struct snapshot_endpoint endpoint = {.address = {packet->ipv4.destination_be}};

	if (packet->family == ADDR_IPV6)
		memcpy(endpoint.address, packet->ipv6.destination, sizeof(endpoint.address));
	endpoint.rest = snapshot_endpoint_rest(
		packet->family, packet->payload_protocol, packet_destination_port_be(packet));
	return endpoint;
}

static inline bool snapshot_endpoint_equal(
	const struct snapshot_endpoint *a, const struct snapshot_endpoint *b)
{
	return ((a->address[0] ^ b->address[0]) | (a->address[1] ^ b->address[1]) |
		       (a->rest ^ b->rest)) == 0;
}

static inline uint32_t snapshot_exact_place(
	const struct snapshot_exact *exact, const struct snapshot_endpoint *endpoint)
{
	uint64_t mixed =
		endpoint->address[0] ^ endpoint->address[1] * 3 ^ (uint64_t)endpoint->rest << 32;

	return (uint32_t)((mixed * 0x9e3779b97f4a7c15ull) >> exact->shift);
}

// The same answer as snapshot_find_vip() and snapshot_find_service() in fewer lines of cache, for a
// service with one port and protocol. SERVICE_NONE: ask those.
static inline uint16_t snapshot_find_exact(
	const struct snapshot *snapshot, const struct snapshot_endpoint *endpoint)
{
	const struct snapshot_exact *exact = &snapshot->exact;

	for (uint32_t at = snapshot_exact_place(exact, endpoint);; at++) {
		uint16_t service = exact->table[at & exact->mask];

		if (service == SERVICE_NONE ||
			snapshot_endpoint_equal(&snapshot->services[service].endpoint, endpoint))
			return service;
	}
}

// True where the services are too many to stay in the first cache: then a burst is gone through
// with snapshot_prefetch_exact() before snapshot_find_exact().
static inline bool snapshot_exact_is_large(const struct snapshot *snapshot)
{
	return snapshot->exact.mask >= 1024;
}

// Returns the service that the packet probably is for, or SERVICE_NONE.
static inline uint16_t snapshot_prefetch_exact(
	const struct snapshot *snapshot, const struct packet *packet)
{
	const struct snapshot_endpoint endpoint = snapshot_endpoint_of(packet);
	uint16_t service = snapshot->exact.table[snapshot_exact_place(&snapshot->exact, &endpoint)];

	if (__builtin_expect(service != SERVICE_NONE, 1))
		rte_prefetch0(&snapshot->services[service]);
	return service;
}

// The backend behind a reference, or NULL when it is gone.
static inline const struct snapshot_backend *snapshot_find_backend(
	const struct snapshot *snapshot, uint32_t reference)
{
	const struct snapshot_backend *backend =
		&snapshot->backends[reference & BACKEND_INDEX_MASK];

	if ((reference & BACKEND_INDEX_MASK) >= snapshot->backend_capacity ||
		backend->generation != reference >> BACKEND_INDEX_BITS ||
		backend->status == BACKEND_GONE)
		return NULL;
	return backend;
}

// What a backend is to the services of a view.
static inline enum backend_status snapshot_status(const struct snapshot *snapshot,
	const struct snapshot_view *view, uint32_t reference,
	const struct snapshot_backend *backend)
{
	if (__builtin_expect(backend->status != BACKEND_PARTLY, 1))
		return (enum backend_status)backend->status;
	return (enum backend_status)snapshot->partly[reference & BACKEND_INDEX_MASK][view->probe];
}

#endif
