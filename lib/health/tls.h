// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_TLS_H
#define HEALTH_TLS_H

#include <health/conversation.h>

// TLS by OpenSSL for probes. A backend's certificate must be in its time; whether an authority that
// 'ca' names vouches for it, and for 'host', is checked where 'ca' is set. Nothing secret is ever
// sent, so the checks come after the handshake, where each has words of its own.

// One OpenSSL context for each set of settings that probes use, made at need.
struct tls_contexts;

// NULL without memory. Makes the process ignore SIGPIPE, which OpenSSL's writes would raise, unless it is
// handled already.
struct tls_contexts *tls_contexts_new(void);
void tls_contexts_free(struct tls_contexts *contexts);

// Probes that begin from now on read the authorities' files anew.
void tls_contexts_forget(struct tls_contexts *contexts);

void tls_close(struct ssl_st *ssl); // NULL is fine
size_t tls_write(
	struct conversation *conversation, const void *bytes, size_t size, enum progress *progress);
size_t tls_read(
	struct conversation *conversation, void *bytes, size_t size, enum progress *progress);

#endif
