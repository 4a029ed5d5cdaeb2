// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <base/addr.h>
#include <base/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// The pool configuration as a value: what an operator writes in YAML, what travels over the
// channel, what the control lcore holds and what the state folder keeps. Load, validate, diff and
// write are all driven by one table of keys (config/schema.h), so that the reference page cannot
// drift from the loader.
//
// A record (service, pool, backend) is a flat struct without pointers: its bytes are also its form
// on the channel. Unused bytes of names are zero. A 'struct config' belongs to one thread at a
// time; after config_finish() nothing changes in it, and then any thread may read.

// With the terminating zero; [A-Za-z0-9._-], first character alphanumeric.
#define CONFIG_NAME_SIZE 64

// More than these are refused, wherever they come from.
#define CONFIG_SERVICES_MAX 65535u
#define CONFIG_POOLS_MAX    65535u
#define CONFIG_BACKENDS_MAX 2000000u

// A longer text, or longer texts together, are refused: 1,000 services with 1,000 backends each are
// 70 to 90 MB.
#define CONFIG_TEXT_MAX (90u << 20)

enum config_protocol { CONFIG_TCP = 6, CONFIG_UDP = 17 }; // IANA protocol numbers
enum config_forwarding { CONFIG_IPIP, CONFIG_DSR };
enum config_affinity { CONFIG_FIVE_TUPLE, CONFIG_SOURCE, CONFIG_SOURCE_SERVICE };
enum config_announce_mode { CONFIG_ANNOUNCE_NONE, CONFIG_ANNOUNCE_ARP, CONFIG_ANNOUNCE_ROUTE };
enum config_on_down {
	CONFIG_ON_DOWN_KEEP,
	CONFIG_ON_DOWN_REHASH,
	CONFIG_ON_DOWN_RESET,
	CONFIG_ON_DOWN_AUTO, // KEEP for TCP, REHASH for UDP
};
enum config_on_all_down { CONFIG_ALL_DOWN_SPREAD, CONFIG_ALL_DOWN_DROP, CONFIG_ALL_DOWN_REJECT };
enum config_oversize { CONFIG_OVERSIZE_FRAGMENT, CONFIG_OVERSIZE_REJECT };
enum config_probe_type {
	CONFIG_PROBE_TCP,
	CONFIG_PROBE_NONE,
	CONFIG_PROBE_TLS,
	CONFIG_PROBE_HTTP,
	CONFIG_PROBE_HTTPS,
	CONFIG_PROBE_GRPC,
	CONFIG_PROBE_GRPCS,
	CONFIG_PROBE_UDP,
};
enum config_via { CONFIG_VIA_KERNEL, CONFIG_VIA_FORWARDING };
enum config_method { CONFIG_METHOD_GET, CONFIG_METHOD_HEAD };
// UNSET is what a file that does not say leaves: the state in force stays.
enum config_backend_state {
	CONFIG_STATE_UNSET,
	CONFIG_STATE_ACTIVE,
	CONFIG_STATE_DRAINING,
	CONFIG_STATE_DISABLED,
	// Of no file: the operator took it out, and its flows are not over yet
	// (config_with_leaving()).
	CONFIG_STATE_LEAVING,
};

// Probes of one pool: its own, number 0, and those of services on other ports.
#define CONFIG_PROBES_MAX 16u

// Ranges of statuses that a probe may take for good.
#define CONFIG_STATUSES_MAX 16u

// Protocols and ranges of ports that one service may have.
#define CONFIG_PROTOCOLS_MAX 2u
#define CONFIG_PORTS_MAX     32u

// IPv4 and IPv6.
#define CONFIG_FAMILIES 2u

// Zones that a service may name.
#define CONFIG_PREFER_MAX 8u

// How long a flow lives without a packet, in seconds; 1 s to 9 h, so that 16 bits hold it.
struct config_flow_ttl {
	uint32_t new_s; // TCP: a SYN, and nothing after it
	uint32_t established_s;
	uint32_t half_closed_s; // TCP: the client's FIN was seen
	uint32_t closing_s; // TCP: the client's RST was seen
	uint32_t udp_s;
};

// How the network learns where a VIP is, and while what holds. The services of one VIP have one
// mode and one metric.
struct config_announce {
	uint8_t mode; // enum config_announce_mode
	uint8_t zero;
	uint16_t quorum; // usable backends that the service must have
	uint16_t quorum_up; // for a VIP that is not announced; 0: 'quorum'
	uint16_t quorum_down; // for one that is; 0: 'quorum'
	uint32_t hold_ms; // how long that must hold before a VIP that was withdrawn comes back
	uint32_t metric; // of its route; 0: the kernel's own
};

struct config_service {
	char name[CONFIG_NAME_SIZE];
	char pool[CONFIG_NAME_SIZE];
	struct addr vip;
	uint16_t ports[CONFIG_PORTS_MAX]
		      [2]; // first and last of each range: config/endpoint.h; 'any' is 0..65535
	uint16_t target_port; // 0: as it came
	uint8_t protocols[CONFIG_PROTOCOLS_MAX]; // enum config_protocol
	uint8_t forwarding; // enum config_forwarding
	uint8_t affinity; // enum config_affinity
	uint8_t prefer_floor; // percent of the first preferred zone's weight, 1..100
	uint8_t zero;
	uint32_t port_count;
	uint32_t protocol_count;
	struct config_flow_ttl flow_ttl;
	char prefer[CONFIG_PREFER_MAX][CONFIG_NAME_SIZE]; // zones, the best one first
	uint32_t prefer_count; // 0: all zones alike
	struct config_announce announce;
	// Set by config_finish(); 0 on the channel.
	uint32_t pool_index;
};
_Static_assert(sizeof(struct config_service) == 848, "goes over the channel as it is");

struct config_health {
	uint8_t type; // enum config_probe_type
	uint8_t method; // enum config_method
	uint16_t port; // 0: the target port of the first service that uses the pool
	uint32_t interval_ms;
	uint32_t timeout_ms;
	uint16_t rise;
	uint16_t fall;
	uint16_t flap_limit; // 0: no damping
	uint8_t via; // enum config_via
	uint8_t zero;
	uint32_t flap_window_ms;
	uint32_t flap_hold_ms;
	uint16_t status[CONFIG_STATUSES_MAX][2]; // first and last of each range
	uint32_t status_count; // 0: any from 200 to 399
	char host[128]; // "" where a text is not given
	char path[128];
	char body[1024 + 4]; // and a zero, up to the next word
	char ca[128]; // a file of PEM certificates on the balancer
	char certificate
		[128]; // likewise: what the balancer shows to a backend that asks, its chain behind it
	char key[128]; // the file of its private key; "": it stands in 'certificate'
	char alpn[32];
	char service[64]; // gRPC's name of what is asked about
	char payload[128]; // this and 'expect': parse_bytes()
	char expect[64];
};

struct config_pool {
	char name[CONFIG_NAME_SIZE];
	struct config_health health;
	uint8_t on_down; // enum config_on_down
	uint8_t on_all_down; // enum config_on_all_down
	uint8_t oversize; // enum config_oversize
	uint8_t max_down_percent; // 0: no floor
	struct prefix outer_source[CONFIG_FAMILIES]; // config_outer_source()
	uint32_t outer_source_count;
	uint32_t slow_start_s; // from up to the whole share; 0: at once
	uint32_t
		previous_table_s; // in which half of the flows end that began under a table; 0: none is remembered
	uint32_t table_size; // Maglev slots: 65537 or 655373
	// Set by config_finish(): the pool's backends stand together.
	uint32_t first_backend;
	uint32_t backend_count;
};
_Static_assert(sizeof(struct config_pool) == 2192, "goes over the channel as it is");

// What is asked of one backend otherwise than of its pool.
struct config_backend_health {
	uint16_t port; // 0: the pool's
};

struct config_backend {
	char name[CONFIG_NAME_SIZE];
	char pool[CONFIG_NAME_SIZE];
	char zone[CONFIG_NAME_SIZE]; // "" is no zone
	struct addr address;
	uint16_t weight; // 0: keeps its flows, takes none
	uint8_t state; // enum config_backend_state
	uint8_t zero;
	struct config_backend_health health;
	uint8_t zero_too[2];
	// Set by config_finish(); 0 on the channel.
	uint32_t pool_index;
};
_Static_assert(sizeof(struct config_backend) == 224, "goes over the channel as it is");

struct config {
	uint8_t hash_key[16];
	bool hash_key_set; // false: the built-in key serves, which is no secret
	struct config_service *services;
	uint32_t service_count;
	struct config_pool *pools;
	uint32_t pool_count;
	struct config_backend *backends;
	uint32_t backend_count;
};

// An empty configuration, or NULL without memory. config_free(NULL) is fine.
struct config *config_new(void);
void config_free(struct config *config);
struct config *config_clone(const struct config *config);

// What a loader or the channel's server adds, one record at a time. 0, -ENOMEM, or -E2BIG beyond
// CONFIG_*_MAX. Nothing else is checked here.
int config_add_service(struct config *config, const struct config_service *service);
int config_add_pool(struct config *config, const struct config_pool *pool);
int config_add_backend(struct config *config, const struct config_backend *backend);

// Checks every record (the channel's peer may have written any bytes) and all of them together:
// names, ranges, enums, duplicates, pools that are not there, services that overlap, a VIP that is
// also a backend. Groups the backends by pool and sets the indexes; may be called again after a
// change. 0, -EINVAL with the sentence, or -ENOMEM. The tool and the daemon call the same code.
int config_finish(struct config *config, struct error *err);

// YAML to a finished configuration: of one text, of one file, or of several sources, whose lists of
// services and pools are taken together, in their order. The name stands in front of the sentences
// ("pools.yaml:14:9: ..."). Every error that can be found in one pass is handed to 'report' in the
// order of the sources and their lines (up to 1,000 of them; NULL: only the first one counts).
// 0 and '*out', or -EINVAL (bad content), -ENOMEM, -EIO; 'err' then holds the first sentence.
struct config_source {
	const char *name;
	const char *text; // NULL: the file of that name is read
	size_t size;
};

typedef void config_report_fn(void *context, const char *sentence);
// 'count' is at least 1.
int config_load(const struct config_source *sources, uint32_t count, struct config **out,
	config_report_fn *report, void *context, struct error *err);
int config_load_file(const char *path, struct config **out, config_report_fn *report, void *context,
	struct error *err);
int config_load_text(const char *name, const char *text, size_t size, struct config **out,
	config_report_fn *report, void *context, struct error *err);

// The pool files of a folder: *.yaml and *.yml, in the order of their names; for
// config_free_paths(). 'passed' is told of what else lies there, a sentence a file, but for what
// begins with a dot, which is an editor's; NULL: nobody is. None is -EINVAL.
int config_find_files(const char *folder, char ***paths, uint32_t *count, config_report_fn *passed,
	void *context, struct error *err);
void config_free_paths(char **paths, uint32_t count);
// A file, or a folder: then all of its pool files.
int config_load_path(const char *path, struct config **out, config_report_fn *report,
	config_report_fn *passed, void *context, struct error *err);

// Writes YAML that config_load_text() reads back as an equal configuration. 0, or the negative
// errno of a write that failed.
int config_write(const struct config *config, FILE *out);
// The same without the hash_key, for an eye; it does not load where there is one.
int config_write_redacted(const struct config *config, FILE *out);

// What the daemon wrote by config_write() loads, however long it has become.
int config_load_written(const char *path, struct config **out, struct error *err);

// Backends that leave, on their way from one daemon to the next: those that are
// CONFIG_STATE_LEAVING, with their pools alone. An operator's file is held to rules across its
// records that do not hold for them: somebody else has their address by now, be it a backend or a
// VIP, or their pool is of another family. So the reader asks for none of these, and for
// config_with_leaving() alone. Both as config_write() and config_load_file(); what daemons wrote by
// config_write() before, with CONFIG_STATE_DRAINING for those that leave, is read too.
int config_write_leaving(const struct config *config, FILE *out);
int config_load_leaving(const char *path, struct config **out, struct error *err);

// What an operator's change would do, a line a change: "backend web/a1: weight 100 -> 50". Returns
// the number of changes; 'report' may be NULL.
uint32_t config_diff(const struct config *old, const struct config *new, config_report_fn *report,
	void *context);

// 'config', which is finished, with backends of 'from' that it no longer has, as
// CONFIG_STATE_LEAVING, behind their pools' own; 'leaving' are their numbers in 'from'. Pools that
// it no longer has come behind its own. NULL without memory.
struct config *config_with_leaving(const struct config *config, const struct config *from,
	const uint32_t *leaving, uint32_t count);

const struct config_pool *config_find_pool(const struct config *config, const char *name);

// Finds "pool/backend", or "backend" where that is unique. 0 and '*out' (an index), -ENOENT, or
// -EEXIST where several pools have one; 'err' holds the sentence.
int config_find_backend(
	const struct config *config, const char *name, uint32_t *out, struct error *err);

// What the source of a tunnel to an address of 'family' is drawn from. NULL: it is the balancer's
// own address.
const struct prefix *config_outer_source(const struct config_pool *pool, uint8_t family);

// The port of the service's VIP that a probe of the pool 'via: forwarding' asks: its own, or of
// several the one that 'health.port' names. 0: there is none, or it is no TCP.
uint16_t config_half_open_port(
	const struct config_service *service, const struct config_pool *pool);

// Usable backends that the service must have while its VIP is announced, or before it is.
static inline uint16_t config_quorum(const struct config_announce *announce, bool is_announced)
{
	uint16_t own = is_announced ? announce->quorum_down : announce->quorum_up;

	return own != 0 ? own : announce->quorum;
}

// What a service's backends are asked, where it is not what the pool's probe on 'pool_port' asks.
struct config_probe {
	const struct config_health *policy; // of its pool
	uint16_t port;
	bool connects; // and no more, though the pool's probe asks for more on its own port
};
// False: it goes by the pool's probe.
bool config_service_probe(const struct config *config, const struct config_service *service,
	uint16_t pool_port, struct config_probe *out);
void config_probe_policy(const struct config_probe *probe, struct config_health *out);
bool config_same_probe(const struct config_probe *a, const struct config_probe *b);

const char *config_state_name(enum config_backend_state state);

#endif
