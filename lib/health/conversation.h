// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_CONVERSATION_H
#define HEALTH_CONVERSATION_H

#include <event2/util.h>
#include <health/probe.h>
#include <health/tls_limits.h>
#include <sys/queue.h>

// A probe over one socket, as a row of phases: connect, then perhaps a TLS handshake, then perhaps
// a request and its response. A kind of probe is such a row. Whatever way it ends, a connection is
// cut by a RST, so that probes leave no TIME_WAIT behind, here or at the backend.

struct conversation;

enum progress {
	PROGRESS_READ, // go on when there is something to read
	PROGRESS_WRITE, // go on when there is room to write
	PROGRESS_FILES, // go on when the waiter is woken
	PROGRESS_NEXT, // this phase is done
	PROGRESS_FAILED, // and '->result' says why
};

// For files that are read beside the loop (tls_private.h).
struct tls_waiter {
	LIST_ENTRY(tls_waiter) link;
	bool is_waiting;
	void (*wake)(struct tls_waiter *waiter);
};
void tls_waiter_leave(struct tls_waiter *waiter); // one that does not wait is fine

struct phase {
	const char *doing; // "connect to"
	enum progress (*run)(struct conversation *conversation);
};

struct conversation {
	struct probe_request request;
	struct probe_result result;
	const struct phase *const *phase; // the current one; NULL ends the row
	struct event *event;
	short waits_for; // EV_READ or EV_WRITE
	int fd;
	struct ssl_st *ssl; // from the handshake on
	struct tls_waiter waiter;
	char refusal[TLS_REFUSAL_SIZE]; // of its certificates
	struct http_exchange *http; // from the request on
	struct grpc_exchange *grpc; // likewise
	uint8_t sent; // bytes of the payload
	uint8_t expected; // bytes of the greeting, or of the answer, that came as they should
};

// The functions of a 'struct probe_kind'; 'phases' is a constant row.
void *conversation_start(const struct probe_request *request, const struct phase *const *phases,
	struct probe_result *result);
void conversation_cancel(void *probe);
const char *conversation_doing(const void *probe);
// Of kinds with a handshake: what keeps this machine from it is no fault of the backend.
void conversation_expire(void *probe, const char *timeout, struct probe_result *result);

// Fills the result and returns PROGRESS_FAILED.
enum progress conversation_fail(struct conversation *conversation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum progress conversation_fail_errno(struct conversation *conversation, int error);

// Bytes to and from the backend, through TLS where there is a session: how many, or 0 with
// '*progress': to be waited for, failed, or (reading only) PROGRESS_NEXT for the end of what the
// backend sends.
size_t conversation_write(
	struct conversation *conversation, const void *bytes, size_t size, enum progress *progress);
size_t conversation_read(
	struct conversation *conversation, void *bytes, size_t size, enum progress *progress);

// A new socket of 'type', connecting; 0 or an errno.
int conversation_connect(struct conversation *conversation, int type);

extern const struct phase phase_connect;
extern const struct phase phase_greeting; // greeting.c; done at once where the policy expects none
extern const struct phase phase_payload;
extern const struct phase phase_answer; // to it
extern const struct phase phase_handshake; // tls.c
extern const struct phase phase_request; // http.c
extern const struct phase phase_response;
extern const struct phase phase_grpc; // grpc.c

void http_exchange_free(struct http_exchange *exchange); // NULL is fine
void grpc_exchange_free(struct grpc_exchange *exchange);

// What stands before a request's path for its server: the policy's host, or the address. Returns
// 'text' or the host.
const char *conversation_host(const struct probe_request *request, char *text, size_t size);

#endif
