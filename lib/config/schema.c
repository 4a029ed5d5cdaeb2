// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <config/daemon.h>
#include <config/schema.h>
#include <config/suggest.h>
#include <config/value.h>

#include <stddef.h>
#include <string.h>

#define FIELD(type, member) \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define LIST(type, member, limit, counter)                                                      \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member[0]), \
	.list_max = limit, .count = offsetof(struct type, counter)

// clang-format off
static const struct schema_word protocols[] = {{"tcp", CONFIG_TCP}, {"udp", CONFIG_UDP}, {0}};
static const struct schema_word forwardings[] = {{"ipip", CONFIG_IPIP}, {"dsr", CONFIG_DSR}, {0}};
static const struct schema_word affinities[] = {{"five_tuple", CONFIG_FIVE_TUPLE},
	{"source", CONFIG_SOURCE}, {"source_service", CONFIG_SOURCE_SERVICE}, {0}};
static const struct schema_word announce_modes[] = {{"none", CONFIG_ANNOUNCE_NONE},
	{"arp", CONFIG_ANNOUNCE_ARP}, {"route", CONFIG_ANNOUNCE_ROUTE}, {0}};
static const struct schema_word on_downs[] = {{"auto", CONFIG_ON_DOWN_AUTO},
	{"keep", CONFIG_ON_DOWN_KEEP},
	{"rehash", CONFIG_ON_DOWN_REHASH}, {"reset", CONFIG_ON_DOWN_RESET}, {0}};
static const struct schema_word on_all_downs[] = {{"spread", CONFIG_ALL_DOWN_SPREAD},
	{"drop", CONFIG_ALL_DOWN_DROP}, {"reject", CONFIG_ALL_DOWN_REJECT}, {0}};
static const struct schema_word oversizes[] = {{"fragment", CONFIG_OVERSIZE_FRAGMENT},
	{"reject", CONFIG_OVERSIZE_REJECT}, {0}};
static const struct schema_word probe_types[] = {{"tcp", CONFIG_PROBE_TCP},
	{"tls", CONFIG_PROBE_TLS}, {"http", CONFIG_PROBE_HTTP}, {"https", CONFIG_PROBE_HTTPS},
	{"grpc", CONFIG_PROBE_GRPC}, {"grpcs", CONFIG_PROBE_GRPCS}, {"udp", CONFIG_PROBE_UDP},
	{"none", CONFIG_PROBE_NONE}, {0}};
static const struct schema_word vias[] = {{"kernel", CONFIG_VIA_KERNEL},
	{"forwarding", CONFIG_VIA_FORWARDING}, {0}};
static const struct schema_word methods[] = {{"GET", CONFIG_METHOD_GET},
	{"HEAD", CONFIG_METHOD_HEAD}, {0}};
static const struct schema_word table_sizes[] = {{"65537", 65537}, {"655373", 655373}, {0}};
static const struct schema_word backend_states[] = {{"active", CONFIG_STATE_ACTIVE},
	{"draining", CONFIG_STATE_DRAINING}, {"disabled", CONFIG_STATE_DISABLED}, {0}};
static const struct schema_word hugepages[] = {{"auto", DAEMON_HUGEPAGES_AUTO},
	{"required", DAEMON_HUGEPAGES_REQUIRED}, {"off", DAEMON_HUGEPAGES_OFF}, {0}};
static const struct schema_word vlans[] = {{"route", DAEMON_VLAN_ROUTE},
	{"keep", DAEMON_VLAN_KEEP}, {"set", DAEMON_VLAN_SET}, {0}};
static const struct schema_word idles[] = {{"poll", DAEMON_IDLE_POLL},
	{"sleep", DAEMON_IDLE_SLEEP}, {0}};
static const struct schema_word log_forms[] = {{"info", DAEMON_LOG_INFO},
	{"debug", DAEMON_LOG_DEBUG}, {"json", DAEMON_LOG_JSON},
	{"json_debug", DAEMON_LOG_JSON | DAEMON_LOG_DEBUG}, {0}};

static const struct schema_key flow_ttl_keys[] = {
	{"new", SCHEMA_SECONDS, FIELD(config_flow_ttl, new_s), .min = 1, .max = 32400, .fallback = "1m",
		.doc = "TCP, after a SYN that nothing followed"},
	{"established", SCHEMA_SECONDS, FIELD(config_flow_ttl, established_s), .min = 1, .max = 32400, .fallback = "4h",
		.doc = "TCP, after any later packet; longer than the clients' keep-alives"},
	{"half_closed", SCHEMA_SECONDS, FIELD(config_flow_ttl, half_closed_s), .min = 1, .max = 32400, .fallback = "10m",
		.doc = "TCP, after the client's FIN: the server may send on for long"},
	{"closing", SCHEMA_SECONDS, FIELD(config_flow_ttl, closing_s), .min = 1, .max = 32400, .fallback = "10m",
		.doc = "TCP, after the client's RST, which anybody may have forged; a later packet brings the flow back"},
	{"udp", SCHEMA_SECONDS, FIELD(config_flow_ttl, udp_s), .min = 1, .max = 32400, .fallback = "2m",
		.doc = "UDP"},
	{0},
};
static const struct schema flow_ttl = {"flow_ttl",
	"How long a flow of a service is remembered without a packet.",
	flow_ttl_keys, sizeof(struct config_flow_ttl)};

static const struct schema_key announce_keys[] = {
	{"mode", SCHEMA_WORD, FIELD(config_announce, mode), .words = announce_modes, .fallback = "none",
		.doc = "not at all; as an address of the kernel-side interface, by ARP or NDP; or as a route of protocol 70 in the kernel's table, which a routing daemon exports. The same for every service of the VIP"},
	{"quorum", SCHEMA_NUMBER, FIELD(config_announce, quorum), .min = 1, .max = 65535, .fallback = "1",
		.doc = "usable backends that the service must have; the VIP is announced while every one of its services has as many as it asks for"},
	{"quorum_up", SCHEMA_NUMBER, FIELD(config_announce, quorum_up), .min = 1, .max = 65535, .absent = "as `quorum`",
		.doc = "usable backends that the service must have before a VIP that is not announced is; not below `quorum_down`"},
	{"quorum_down", SCHEMA_NUMBER, FIELD(config_announce, quorum_down), .min = 1, .max = 65535, .absent = "as `quorum`",
		.doc = "usable backends that keep an announced VIP: it is withdrawn when the service has fewer"},
	{"hold", SCHEMA_MS, FIELD(config_announce, hold_ms), .max = 3600000, .fallback = "3s",
		.doc = "how long that must hold before a VIP that was withdrawn is announced again; of several services the longest counts"},
	{"metric", SCHEMA_NUMBER, FIELD(config_announce, metric), .min = 1, .max = 4294967295, .absent = "the kernel's own: 0 for IPv4, 1024 for IPv6",
		.doc = "`mode: route`: the route's metric, by which a routing daemon tells routers which balancer is better, or picks a community. The same for every service of the VIP"},
	{0},
};
static const struct schema announce = {"announce", "How the network learns that a service's VIP is here.",
	announce_keys, sizeof(struct config_announce)};

static const struct schema_key service_keys[] = {
	{"name", SCHEMA_NAME, .required = true, FIELD(config_service, name),
		.doc = "its name, which no other service has"},
	{"vip", SCHEMA_ADDRESS, .required = true, FIELD(config_service, vip),
		.doc = "the address that clients connect to, IPv4 or IPv6"},
	{"protocol", SCHEMA_WORD, .required = true, LIST(config_service, protocols, CONFIG_PROTOCOLS_MAX, protocol_count), .lone = true, .words = protocols,
		.doc = "the transport protocol; a list such as [tcp, udp] for both"},
	{"port", SCHEMA_PORT, .required = true, LIST(config_service, ports, 1, port_count), .lone = true, .min = 1, .max = 65535,
		.doc = "the port that clients connect to; `ports` instead for several"},
	{"ports", SCHEMA_PORTS, LIST(config_service, ports, CONFIG_PORTS_MAX, port_count), .lone = true, .min = 1, .max = 65535, .absent = "`port` stands for it",
		.doc = "several ports: a range such as 30000-30999, any, or a list such as [80, 443, 8000-8010]; instead of `port`"},
	{"target_port", SCHEMA_NUMBER, FIELD(config_service, target_port), .min = 1, .max = 65535, .absent = "the port as it came",
		.doc = "the port that the backend maps it to; only beside a single `port`"},
	{"forwarding", SCHEMA_WORD, FIELD(config_service, forwarding), .words = forwardings, .fallback = "ipip",
		.doc = "how packets reach a backend: in a tunnel, or by its MAC address on a shared network"},
	{"pool", SCHEMA_NAME, .required = true, FIELD(config_service, pool),
		.doc = "the name of the pool that serves it"},
	{"affinity", SCHEMA_WORD, FIELD(config_service, affinity), .words = affinities, .fallback = "five_tuple",
		.doc = "what decides which backend a new flow gets: each connection by itself, its source address, or source address and service"},
	{"prefer", SCHEMA_NAME, LIST(config_service, prefer, CONFIG_PREFER_MAX, prefer_count), .absent = "all zones alike",
		.doc = "the zones whose backends get its new flows, the best one first; those of other zones come last"},
	{"prefer_floor", SCHEMA_PERCENT, FIELD(config_service, prefer_floor), .min = 1, .max = 100, .fallback = "70%",
		.doc = "how much of the first preferred zone's weight must be able to serve; what is missing of it is taken from the next zones, and no more"},
	{"flow_ttl", SCHEMA_MAPPING, FIELD(config_service, flow_ttl), .child = &flow_ttl,
		.doc = "how long a flow is remembered without a packet"},
	{"announce", SCHEMA_MAPPING, FIELD(config_service, announce), .child = &announce,
		.doc = "how the network learns that the VIP is here"},
	{0},
};
const struct schema schema_service = {"service",
	"What clients connect to: an address, a protocol and ports. No two services share a port of one VIP and protocol, and a VIP is no backend's address.",
	service_keys, sizeof(struct config_service)};

static const struct schema_key health_keys[] = {
	{"type", SCHEMA_WORD, FIELD(config_health, type), .words = probe_types, .fallback = "tcp",
		.doc = "the probe: a TCP connection, a TLS handshake, an HTTP request or a gRPC health check without or with TLS, a UDP datagram, or none, which takes every backend for up"},
	{"port", SCHEMA_NUMBER, FIELD(config_health, port), .min = 1, .max = 65535, .absent = "the target ports of the services that use the pool",
		.doc = "the port that is probed"},
	{"via", SCHEMA_WORD, FIELD(config_health, via), .words = vias, .fallback = "kernel",
		.doc = "how probes travel: by the kernel's routes, or beside that one that opens a TCP connection half to each of the pool's VIPs as traffic does, in the tunnel or by the MAC address"},
	{"interval", SCHEMA_MS, FIELD(config_health, interval_ms), .min = 100, .max = 3600000, .fallback = "2s",
		.doc = "from one probe to the next"},
	{"timeout", SCHEMA_MS, FIELD(config_health, timeout_ms), .min = 10, .max = 60000, .fallback = "1s",
		.doc = "how long a probe may take; no longer than `interval`"},
	{"rise", SCHEMA_NUMBER, FIELD(config_health, rise), .min = 1, .max = 1000, .fallback = "2",
		.doc = "good probes in a row that bring a backend up"},
	{"fall", SCHEMA_NUMBER, FIELD(config_health, fall), .min = 1, .max = 1000, .fallback = "3",
		.doc = "failed probes in a row that take it down"},
	{"flap_limit", SCHEMA_NUMBER, FIELD(config_health, flap_limit), .max = 15, .fallback = "5",
		.doc = "how often a backend may go down within `flap_window`; one that does so more often is held down for `flap_hold`, and for longer each time that follows; 0: as often as it likes"},
	{"flap_window", SCHEMA_MS, FIELD(config_health, flap_window_ms), .min = 1000, .max = 86400000, .fallback = "5m",
		.doc = "the time in which the times down are counted"},
	{"flap_hold", SCHEMA_MS, FIELD(config_health, flap_hold_ms), .min = 1000, .max = 3600000, .fallback = "30s",
		.doc = "how long a backend that flaps is held down at first; doubled each time, up to sixteen times this"},
	{"host", SCHEMA_NAME, FIELD(config_health, host), .absent = "no name; HTTP and gRPC then ask for the backend's address",
		.doc = "tls, http, https, grpc, grpcs: the name that is asked for, by SNI, in the certificate and in the request"},
	{"alpn", SCHEMA_TEXT, FIELD(config_health, alpn), .absent = "none is asked for",
		.doc = "tls, https: the protocol that the backend must agree on, such as h2"},
	{"ca", SCHEMA_TEXT, FIELD(config_health, ca), .absent = "any certificate that is in its time will do",
		.doc = "tls, https, grpcs: a file of PEM certificates on the balancer, one of which must vouch for the backend's"},
	{"certificate", SCHEMA_TEXT, FIELD(config_health, certificate), .absent = "none is shown",
		.doc = "tls, https, grpcs: a file of PEM certificates on the balancer, which it shows to a backend that asks for one, with its chain behind it"},
	{"key", SCHEMA_TEXT, FIELD(config_health, key), .absent = "it stands in the file of `certificate`",
		.doc = "tls, https, grpcs: the file of that certificate's private key"},
	{"method", SCHEMA_WORD, FIELD(config_health, method), .words = methods, .absent = "GET",
		.doc = "http, https: the request's method"},
	{"path", SCHEMA_TEXT, FIELD(config_health, path), .absent = "/",
		.doc = "http, https: what is asked for"},
	{"status", SCHEMA_RANGE, LIST(config_health, status, CONFIG_STATUSES_MAX, status_count), .lone = true, .min = 200, .max = 599, .absent = "any from 200 to 399",
		.doc = "http, https: the statuses of which the answer must have one"},
	{"body", SCHEMA_STRING, FIELD(config_health, body), .max = 1024, .absent = "any",
		.doc = "http, https: a text that must stand in the first 64KiB of the answer"},
	{"service", SCHEMA_TEXT, FIELD(config_health, service), .absent = "the server as a whole",
		.doc = "grpc, grpcs: the service whose health is asked for, by its full name"},
	{"payload", SCHEMA_STRING, FIELD(config_health, payload), .max = 127, .absent = "tcp, tls: nothing is sent; udp: an empty datagram",
		.doc = "tcp, tls, udp: what is sent, as text, or as bytes in hexadecimal behind 0x; tcp and tls need `expect` beside it"},
	{"expect", SCHEMA_STRING, FIELD(config_health, expect), .max = 63, .absent = "anything; udp: no answer will do, too",
		.doc = "tcp, tls, udp: what the backend's first words, or its reply to `payload`, must begin with; text, or bytes in hexadecimal behind 0x"},
	{0},
};
static const struct schema health = {"health", "How a pool's backends are probed.",
	health_keys, sizeof(struct config_health)};

static const struct schema_key backend_health_keys[] = {
	{"port", SCHEMA_NUMBER, FIELD(config_backend_health, port), .min = 1, .max = 65535, .absent = "the pool's `health.port`",
		.doc = "the port that this backend is probed on; only where the pool has a `health.port`, by which all its services go"},
	{0},
};
static const struct schema backend_health = {"health", "What is probed of a backend otherwise than of its pool.",
	backend_health_keys, sizeof(struct config_backend_health)};

static const struct schema_key backend_keys[] = {
	{"name", SCHEMA_NAME, .required = true, FIELD(config_backend, name),
		.doc = "its name, which no other backend of the pool has; it decides the backend's place in the hash table, so it stays when the address changes"},
	{"pool", SCHEMA_NAME, .required = true, .inherited = true, FIELD(config_backend, pool),
		.doc = "the pool that it stands in"},
	{"address", SCHEMA_ADDRESS, .required = true, FIELD(config_backend, address),
		.doc = "its own address, IPv4 or IPv6, which no other backend of the pool has"},
	{"zone", SCHEMA_NAME, FIELD(config_backend, zone), .absent = "no zone",
		.doc = "where it stands"},
	{"weight", SCHEMA_NUMBER, FIELD(config_backend, weight), .max = 65535, .fallback = "100",
		.doc = "its share of new flows against the pool's other weights; 0 keeps its flows and takes none"},
	{"state", SCHEMA_WORD, FIELD(config_backend, state), .words = backend_states, .sticky = "active", .absent = "as it was; active when it is new",
		.doc = "what the operator wants of it: to serve, to finish what it has, or nothing"},
	{"health", SCHEMA_MAPPING, FIELD(config_backend, health), .child = &backend_health,
		.doc = "what is probed otherwise than the pool says"},
	{0},
};
const struct schema schema_backend = {"backend", "A real server.",
	backend_keys, sizeof(struct config_backend)};

static const struct schema_key pool_keys[] = {
	{"name", SCHEMA_NAME, .required = true, FIELD(config_pool, name),
		.doc = "its name, which no other pool has"},
	{"health", SCHEMA_MAPPING, FIELD(config_pool, health), .child = &health,
		.doc = "how its backends are probed"},
	{"on_down", SCHEMA_WORD, FIELD(config_pool, on_down), .words = on_downs, .fallback = "auto",
		.doc = "what becomes of the flows of a backend that is down: they stay, move to another one, or are reset; `auto` is `keep` for TCP and `rehash` for UDP, where nobody waits for a connection"},
	{"on_all_down", SCHEMA_WORD, FIELD(config_pool, on_all_down), .words = on_all_downs, .fallback = "spread",
		.doc = "what becomes of new flows when every backend is down: spread over all of them, dropped in silence, or rejected: TCP by a RST, UDP by ICMP port unreachable"},
	{"max_down_percent", SCHEMA_NUMBER, FIELD(config_pool, max_down_percent), .min = 1, .max = 100, .absent = "no floor: all may go down",
		.doc = "the share of the backends that serve which may be lost at once; who fails beyond it is kept in service, and an alarm is logged: more often it is the prober that is broken"},
	{"oversize", SCHEMA_WORD, FIELD(config_pool, oversize), .words = oversizes, .fallback = "fragment",
		.doc = "what becomes of an IPv4 packet without DF that is too big in its tunnel: cut before it, or rejected by ICMP like one with DF"},
	{"outer_source", SCHEMA_PREFIX, LIST(config_pool, outer_source, CONFIG_FAMILIES, outer_source_count), .lone = true, .absent = "the balancer's own address",
		.doc = "where the tunnel's source address is drawn from for each flow, so that a backend's receive queues share the load; one prefix for each family that its backends have; the network must not filter by source"},
	{"slow_start", SCHEMA_SECONDS, FIELD(config_pool, slow_start_s), .max = 3600, .fallback = "0s",
		.doc = "how long a backend that comes up takes to reach its whole share, in ten steps; 0s: it has it at once"},
	{"previous_table", SCHEMA_SECONDS, FIELD(config_pool, previous_table_s), .max = 86400, .fallback = "30m",
		.doc = "about how long half of its connections live. One that no flow table knows, as a router moved it here from another balancer, goes where most of the living ones of its slot began, by all tables since; 0s: where the present table has it"},
	{"table_size", SCHEMA_WORD, FIELD(config_pool, table_size), .words = table_sizes, .fallback = "65537",
		.doc = "slots of its hash table; the larger one for pools of hundreds of backends"},
	{"backends", SCHEMA_RECORDS, .required = true, .child = &schema_backend,
		.doc = "its servers; `[]` for a pool without any"},
	{0},
};
const struct schema schema_pool = {"pool", "A set of backends with one health policy.",
	pool_keys, sizeof(struct config_pool)};

static const struct schema_key pool_file_keys[] = {
	{"hash_key", SCHEMA_HEX, FIELD(config, hash_key), .flag = offsetof(struct config, hash_key_set), .absent = "a built-in key, which is no secret",
		.doc = "128 bits in hexadecimal, the fleet's secret: balancers with the same key choose alike"},
	{"services", SCHEMA_RECORDS, .child = &schema_service, .absent = "none",
		.doc = "what clients connect to"},
	{"pools", SCHEMA_RECORDS, .child = &schema_pool, .absent = "none",
		.doc = "the backends that serve it"},
	{0},
};
const struct schema schema_pool_file = {"file", "The pool file, which `fulcrumctl apply` sends.",
	pool_file_keys, sizeof(struct config)};

static const struct schema_word switches[] = {{"off", 0}, {"on", 1}, {0}};

static const struct schema_key eal_keys[] = {
	{"hugepages", SCHEMA_WORD, FIELD(daemon_config, hugepages), .words = hugepages, .fallback = "auto",
		.doc = "whether DPDK's memory is on hugepages: if there are any, or it does not start, or never"},
	{"memory", SCHEMA_BYTES, FIELD(daemon_config, memory), .min = 16ull << 20, .max = 1ull << 40, .absent = "computed from what is configured",
		.doc = "memory for DPDK"},
	{"prefix", SCHEMA_NAME, FIELD(daemon_config, prefix), .fallback = "fulcrum",
		.doc = "tells this daemon's DPDK files from those of others on the machine"},
	{"telemetry", SCHEMA_WORD, FIELD(daemon_config, telemetry), .words = switches, .fallback = "off",
		.doc = "whether DPDK's own tools, such as dpdk-telemetry.py, may ask this daemon by a socket and a thread of DPDK's"},
	{"arguments", SCHEMA_TEXT, LIST(daemon_config, eal_arguments, DAEMON_EAL_ARGS_MAX, eal_argument_count), .absent = "none",
		.doc = "further arguments for DPDK's EAL, as its documentation has them"},
	{0},
};
static const struct schema eal = {"eal", "DPDK's environment.", eal_keys, sizeof(struct daemon_config)};

static const struct schema_key workers_keys[] = {
	{"cores", SCHEMA_NUMBER, LIST(daemon_config, worker_cores, DAEMON_CORES_MAX, worker_count), .required = true, .max = 1023,
		.doc = "one worker runs on each of them"},
	{"idle", SCHEMA_WORD, FIELD(daemon_config, idle), .words = idles, .fallback = "poll",
		.doc = "what a worker does without packets: spin, or give the core back"},
	{0},
};
static const struct schema workers = {"workers", "The workers, which judge the packets.", workers_keys, sizeof(struct daemon_config)};

static const struct schema_key port_keys[] = {
	{"name", SCHEMA_NAME, .required = true, FIELD(daemon_port, name),
		.doc = "its name in `show` and in the log"},
	{"device", SCHEMA_TEXT, .required = true, FIELD(daemon_port, device),
		.doc = "a PCI address, or a DPDK virtual device with its arguments"},
	{"kernel_interface", SCHEMA_NAME, FIELD(daemon_port, kernel_interface), .absent = "none: what is not for a VIP is dropped",
		.doc = "the network interface by which the kernel uses the port too"},
	{"mtu", SCHEMA_NUMBER, FIELD(daemon_port, mtu), .min = 1280, .max = 9216, .fallback = "1500",
		.doc = "the largest IP packet on the wire"},
	{"vlan", SCHEMA_WORD, FIELD(daemon_port, vlan), .words = vlans, .fallback = "route",
		.doc = "the 802.1Q tag of packets to backends: as the kernel's VLAN interface on their route has it, as the client's packet had it, or `vlan_id` on every frame of the port, in and out, while the kernel sees none"},
	{"vlan_id", SCHEMA_NUMBER, FIELD(daemon_port, vlan_id), .min = 1, .max = 4094, .absent = "none; `vlan: set` needs it",
		.doc = "the port's own VLAN"},
	{"rx_descriptors", SCHEMA_NUMBER, FIELD(daemon_port, rx_descriptors), .min = 64, .max = 32768, .fallback = "1024",
		.doc = "length of a receive queue"},
	{"tx_descriptors", SCHEMA_NUMBER, FIELD(daemon_port, tx_descriptors), .min = 64, .max = 32768, .fallback = "1024",
		.doc = "length of a transmit queue"},
	{0},
};
const struct schema schema_port = {"port", "A network port that Fulcrum owns.",
	port_keys, sizeof(struct daemon_port)};

static const struct schema_key daemon_file_keys[] = {
	{"channel", SCHEMA_TEXT, FIELD(daemon_config, channel), .fallback = "/run/fulcrum/channel",
		.doc = "the shared-memory segment that `fulcrumctl` joins"},
	{"channel_mode", SCHEMA_MODE, FIELD(daemon_config, channel_mode), .max = 0777, .fallback = "0600",
		.doc = "its file mode: who may write it may change everything"},
	{"state", SCHEMA_TEXT, FIELD(daemon_config, state), .absent = "nothing is kept",
		.doc = "the folder where the last applied configuration is kept, and over a restart the health and the flows"},
	{"pools", SCHEMA_TEXT, FIELD(daemon_config, pools), .absent = "fulcrumctl alone applies",
		.doc = "a pool file, or a folder of them, put in force at the start and by SIGHUP (systemctl reload); what is refused changes nothing"},
	{"user", SCHEMA_NAME, FIELD(daemon_config, user), .absent = "the one who started it",
		.doc = "whom it becomes once ports and memory are open; it keeps CAP_NET_ADMIN and CAP_NET_RAW alone"},
	{"eal", SCHEMA_MAPPING, .child = &eal,
		.doc = "DPDK's environment"},
	{"control_core", SCHEMA_NUMBER, FIELD(daemon_config, control_core), .max = 1023, .fallback = "0",
		.doc = "the core of the control thread"},
	{"workers", SCHEMA_MAPPING, .required = true, .child = &workers,
		.doc = "the threads that judge packets"},
	{"ports", SCHEMA_RECORDS, .required = true, .child = &schema_port,
		.doc = "the network ports"},
	{"flows", SCHEMA_NUMBER, FIELD(daemon_config, flows), .min = 1024, .max = 1u << 31, .fallback = "1000000",
		.doc = "flows that each worker remembers, at 32 bytes or more each"},
	{"backends_max", SCHEMA_NUMBER, FIELD(daemon_config, backends_max), .min = 1, .max = CONFIG_BACKENDS_MAX, .fallback = "16384",
		.doc = "backends there can be at once, in all pools together"},
	{"services_max", SCHEMA_NUMBER, FIELD(daemon_config, services_max), .min = 1, .max = CONFIG_SERVICES_MAX, .fallback = "1024",
		.doc = "services there can be at once"},
	{"punt_rate", SCHEMA_NUMBER, FIELD(daemon_config, punt_rate), .min = 100, .max = 100000000, .fallback = "20000",
		.doc = "packets a second that each worker hands to the kernel at most"},
	{"new_flow_rate", SCHEMA_NUMBER, FIELD(daemon_config, new_flow_rate), .min = 100, .max = 100000000, .fallback = "125000",
		.doc = "new flows a second that each worker remembers at most; above it the hash table alone decides, so a flood costs nobody else a connection"},
	{"folders", SCHEMA_TEXT, LIST(daemon_config, folders, DAEMON_FOLDERS_MAX, folder_count), .absent = "none",
		.doc = "further folders that the daemon may read and write once it runs, for captures and certificates; others than these, the state's, the channel's and those of the system are out of its reach"},
	{"metrics", SCHEMA_LISTEN, FIELD(daemon_config, metrics), .fallback = "127.0.0.1:9110",
		.doc = "where `/metrics` and `/healthz` are served by HTTP, to everybody who can reach it"},
	{"shutdown_grace", SCHEMA_MS, FIELD(daemon_config, shutdown_grace_ms), .max = 600000, .fallback = "2s",
		.doc = "how long the daemon goes on forwarding after SIGTERM, once it has withdrawn the VIPs that it announced; a second SIGTERM ends it at once"},
	{"log", SCHEMA_WORD, FIELD(daemon_config, log), .words = log_forms, .fallback = "info",
		.doc = "how much is logged, and as what: lines of text, or of JSON for programs"},
	{0},
};
const struct schema schema_daemon_file = {"file", "The daemon's own file, which `fulcrumd -c` reads once.",
	daemon_file_keys, sizeof(struct daemon_config)};
// clang-format on

const struct schema_key *schema_find(const struct schema *schema, const char *name)
{
	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (!key->inherited && strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

const char *schema_suggest(const struct schema *schema, const char *name)
{
	struct suggest suggest = suggest_for(name);

	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (!key->inherited)
			suggest_offer(&suggest, key->name);
	}
	return suggest.best;
}

static void set_defaults(const struct schema *schema, uint8_t *record)
{
	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (key->type == SCHEMA_MAPPING)
			set_defaults(key->child, record + key->offset);
		else if (key->fallback != NULL)
			value_parse(key, key->fallback, record, NULL);
	}
}

void schema_defaults(const struct schema *schema, void *record)
{
	memset(record, 0, schema->size);
	set_defaults(schema, record);
}

void schema_copy(const struct schema *schema, void *to, const void *from)
{
	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		uint8_t *field = (uint8_t *)to + key->offset;
		const uint8_t *source = (const uint8_t *)from + key->offset;

		if (key->type == SCHEMA_MAPPING)
			schema_copy(key->child, field, source);
		else
			memcpy(field, source, value_size(key));
		if (key->list_max > 0)
			memcpy((uint8_t *)to + key->count, (const uint8_t *)from + key->count,
				sizeof(uint32_t));
	}
}
