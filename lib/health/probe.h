// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_PROBE_H
#define HEALTH_PROBE_H

#include <base/addr.h>
#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>

// One probe of one target. A kind of probe is a file of its own behind 'struct probe_kind': it
// knows its sockets and its protocol, and neither the rhythm, nor the timeout, nor what results add
// up to. To add a kind: write the file, name it here and in probe_kind_of().

#define PROBE_REASON_SIZE 128
#define PROBE_REMARK_SIZE 128

struct event_base;
struct tls_contexts;

enum probe_outcome {
	PROBE_SUCCEEDED,
	PROBE_FAILED,
	PROBE_UNDECIDED, // says nothing about the backend
	PROBE_LOCAL, // this machine had no descriptor, port or memory for it
};

struct probe_result {
	enum probe_outcome outcome;
	bool unanswered; // succeeded by silence: its duration measures nothing
	bool is_silent; // failed for want of an answer
	uint64_t certificate_end_s; // 0: none was seen
	char reason[PROBE_REASON_SIZE]; // "" when it succeeded
	char remark[PROBE_REMARK_SIZE]; // what is wrong though it succeeded; ""
};

typedef void probe_done_fn(void *context, const struct probe_result *result);

// What a probe is started with; stands until it has ended.
struct probe_request {
	struct event_base *base;
	uint32_t id; // the target's
	struct addr address;
	uint16_t port;
	const struct config_health *policy;
	struct tls_contexts *tls;
	const struct probe_kind *path; // the probe through the path, where the policy asks for it
	void *path_context;
	probe_done_fn *done;
	void *context;
};

struct probe_kind {
	bool constant; // one success is enough, and is never asked for again

	// Starts a probe: returns it, or NULL when it ended at once ('*result' says how, 'done' is
	// not called). A probe that ends later frees itself and then calls 'done' as its last act.
	void *(*start)(const struct probe_request *request, struct probe_result *result);

	// Ends a probe that runs: closes and frees. 'done' is not called.
	void (*cancel)(void *probe);

	// What a probe that runs is doing, as "connect to": the timeout's reason begins with it.
	const char *(*doing)(const void *probe);

	// Whether a probe that runs into its timeout has succeeded. NULL: never.
	bool (*silence_is_good)(const struct config_health *policy);

	// Says what becomes of a probe that runs and had no answer within 'timeout' ("1s"). NULL:
	// silence_is_good() decides, and "<doing> <address>: no answer within 1s" is the reason.
	void (*expire)(void *probe, const char *timeout, struct probe_result *result);
};

extern const struct probe_kind probe_tcp; // the backend accepts a connection
extern const struct probe_kind probe_tls; // ... and a TLS handshake succeeds
extern const struct probe_kind probe_http; // ... and a request is answered as the policy says
extern const struct probe_kind probe_https; // both
extern const struct probe_kind probe_grpc; // the backend's gRPC health service says SERVING
extern const struct probe_kind probe_grpcs; // ... through TLS
extern const struct probe_kind
	probe_udp; // a datagram is answered, or at least not by an ICMP error
extern const struct probe_kind probe_none; // always succeeds, without a packet
extern const struct probe_kind probe_beside; // the policy's own and, beside it, request->path

const struct probe_kind *probe_kind_of(enum config_probe_type type);

// Fills '*result' for a probe that had no answer in its time: failed, or succeeded and unanswered.
void probe_expire(const struct probe_kind *kind, void *probe, const struct probe_request *request,
	const char *timeout, struct probe_result *result);

// Fills '*result' for a probe that failed while 'doing': "connect to 10.0.1.11:443: <what>".
void probe_fail(struct probe_result *result, const struct probe_request *request, const char *doing,
	const char *what);

// The same in the words for an errno that the network answered with.
void probe_fail_errno(struct probe_result *result, const struct probe_request *request,
	const char *doing, int error);

// The same for an errno of a call that starts a probe: PROBE_LOCAL where the lack is this machine's
// own.
void probe_fail_start(struct probe_result *result, const struct probe_request *request, int error);

#endif
