// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_DAEMON_H
#define CONFIG_DAEMON_H

#include <base/endpoint.h>
#include <base/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The daemon's own file (config/fulcrumd.yaml): what is fixed from start to stop. A plain value.

#define DAEMON_PATH_SIZE    256
#define DAEMON_PORTS_MAX    8
#define DAEMON_CORES_MAX    64
#define DAEMON_EAL_ARGS_MAX 32
#define DAEMON_FOLDERS_MAX  8

enum daemon_hugepages { DAEMON_HUGEPAGES_AUTO, DAEMON_HUGEPAGES_REQUIRED, DAEMON_HUGEPAGES_OFF };
enum daemon_idle { DAEMON_IDLE_POLL, DAEMON_IDLE_SLEEP };

// Which 802.1Q tag a packet to a backend carries: that of the kernel's VLAN interface which its
// route leaves by (none where it is no VLAN's), the one that the client's packet came with, or the
// port's own.
enum daemon_vlan { DAEMON_VLAN_ROUTE, DAEMON_VLAN_KEEP, DAEMON_VLAN_SET };

enum daemon_log { DAEMON_LOG_INFO, DAEMON_LOG_DEBUG = 1, DAEMON_LOG_JSON = 2 };

struct daemon_port {
	char name[16]; // the operator's name for it, in show and in logs
	char device[128]; // a PCI address, or a DPDK virtual device with its arguments
	char kernel_interface[16]; // the kernel-side interface's name; "" is none
	uint16_t mtu; // of the wire, 1280..9216
	uint16_t rx_descriptors;
	uint16_t tx_descriptors;
	uint16_t vlan_id; // with DAEMON_VLAN_SET: of every frame on the wire
	enum daemon_vlan vlan;
};

struct daemon_config {
	char channel[DAEMON_PATH_SIZE]; // the shared-memory segment
	uint32_t channel_mode; // its file mode: the access control
	char user[32]; // whom to run as, once the ports are open; "": whoever started it
	char state
		[DAEMON_PATH_SIZE]; // the folder where the last committed configuration is kept; "": nowhere
	char pools
		[DAEMON_PATH_SIZE]; // a pool file or a folder of them, read at the start and by SIGHUP; "": none
	enum daemon_hugepages hugepages;
	uint64_t memory; // bytes for DPDK; 0: computed from what is configured
	char prefix[32]; // EAL's --file-prefix
	char eal_arguments[DAEMON_EAL_ARGS_MAX][64];
	uint32_t eal_argument_count;
	uint8_t telemetry; // 1: DPDK's own, by its socket and thread
	char folders[DAEMON_FOLDERS_MAX]
		    [DAEMON_PATH_SIZE]; // reachable beside the state's and the channel's
	uint32_t folder_count;
	uint32_t control_core;
	uint32_t worker_cores[DAEMON_CORES_MAX];
	uint32_t worker_count;
	enum daemon_idle idle;
	struct daemon_port ports[DAEMON_PORTS_MAX];
	uint32_t port_count;
	uint32_t flows; // of each worker's flow table
	uint32_t backends_max; // backends there can be at once, all pools together
	uint32_t services_max;
	uint32_t punt_rate; // packets a second that each worker hands to the kernel at most
	uint32_t new_flow_rate; // entries a second that each worker's flow table takes at most
	struct endpoint metrics; // where the page of metrics is served; port 0: nowhere
	uint32_t shutdown_grace_ms; // from the withdrawal of all VIPs to the end of forwarding
	uint8_t log; // enum daemon_log, two bits
};

// 0 and '*out' wholly set (defaults where the file says nothing), or -EINVAL, -EIO, -ENOMEM with
// the sentence "fulcrumd.yaml:3:9: ..."; '*out' is then as it was.
int daemon_config_load(const char *path, struct daemon_config *out, struct error *err);

// The same for a text; 'name' stands in front of the sentence.
int daemon_config_load_text(const char *name, const char *text, size_t size,
	struct daemon_config *out, struct error *err);

#endif
