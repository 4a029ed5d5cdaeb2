// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_TLS_H
#define HEALTH_TLS_H

#include <health/conversation.h>
#include <stdint.h>

// TLS by OpenSSL for probes. A backend's certificate must be in its time; whether an authority that
// 'ca' names vouches for it, and for 'host', is checked where 'ca' is set. Nothing secret is ever
// sent, so the checks come after the handshake, where each has words of its own.

// One OpenSSL context for each set of files that probes use, read at need: each by a thread of its
// own, as a disk may hang. The other functions are the loop's.
struct tls_contexts;

// NULL without memory. Makes the process ignore SIGPIPE, which OpenSSL's writes would raise, unless
// it is handled already.
struct tls_contexts *tls_contexts_new(struct event_base *base);
void tls_contexts_free(struct tls_contexts *contexts);

// The files are read anew. Probes wait for that up to a tenth of a second; then what was read
// before serves until it is done.
void tls_contexts_forget(struct tls_contexts *contexts);
// No more is read. False: a disk hangs until then (clock_monotonic_ns()); the threads stay behind
// with what they own, and the process is to end by _exit().
bool tls_contexts_end(struct tls_contexts *contexts, uint64_t until_ns);

void tls_close(struct ssl_st *ssl); // NULL is fine
size_t tls_write(
	struct conversation *conversation, const void *bytes, size_t size, enum progress *progress);
size_t tls_read(
	struct conversation *conversation, void *bytes, size_t size, enum progress *progress);

#endif
