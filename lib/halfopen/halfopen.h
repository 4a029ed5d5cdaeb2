// SPDX-License-Identifier: BSD-3-Clause
#ifndef HALFOPEN_HALFOPEN_H
#define HALFOPEN_HALFOPEN_H

#include <health/probe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The probes through the path: a SYN to each VIP and port that a backend's pool serves by TCP, sent
// by a worker as it sends a client's packets, and a RST after it. This is the side of the event
// loop, on whose thread all functions and callbacks run. The packets are packet.h's, and relay.h
// has the rings to the workers, whose side is pipeline/relay.c.

struct event_base;
struct halfopen; // opaque
struct kernel;
struct publisher;
struct relay;
struct running;
struct running_port;

// What the room has from outside; borrowed until halfopen_free().
struct halfopen_needs {
	struct event_base *base;
	struct kernel *kernel;
	struct running *running; // whose turn it is of a pool's services is written there
	const struct publisher *publisher; // whose VIPs are no addresses to ask from
	struct relay *relay; // NULL: there are no such probes
	const struct running_port *ports; // by number
	uint32_t worker_count;
	uint32_t backends_max;
	// The worker itself where it moves, else another one that does; HALFOPEN_NO_WORKER: none.
	uint32_t (*choose_worker)(void *context, uint32_t worker);
	// Whether a worker that stands still may have an answer to what was sent at 'since_ns'.
	bool (*is_doubtful)(void *context, uint64_t since_ns);
	// Packets that come by the rings are errors about tunnels, too: the bytes from the IP
	// header on. True: it was one.
	bool (*take_tunnel_error)(void *context, const uint8_t *bytes, size_t size);
	void *context;
};

#define HALFOPEN_NO_WORKER UINT32_MAX

// Asked for in one probe; of more services the others have their turn in the next one, once these
// have answered.
#define HALFOPEN_WINDOW 16

// For health_set_path(); the context is the struct halfopen.
extern const struct probe_kind halfopen_probe_kind;

// NULL without memory.
struct halfopen *halfopen_new(const struct halfopen_needs *needs);
void halfopen_free(struct halfopen *halfopen); // when no probe runs; NULL is fine
// Addresses of this machine, or the VIPs, may be others now.
void halfopen_forget_addresses(struct halfopen *halfopen);

// What came of a backend's probes.
struct halfopen_view {
	bool is_up; // the last one that ended succeeded
	uint64_t successes; // and how long they took together
	uint64_t successes_us;
	uint64_t failures;
	// That a SYN-ACK for the tunnel advertised in the last one that succeeded; 0: there was
	// none.
	uint16_t mss;
	// That it may at most; of several, the one that is nearest to it or above.
	uint16_t mss_most;
};
// By the backend's reference. False: none has ended yet.
bool halfopen_view(const struct halfopen *halfopen, uint32_t backend, struct halfopen_view *out);

#endif
