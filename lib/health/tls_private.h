// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_TLS_PRIVATE_H
#define HEALTH_TLS_PRIVATE_H

#include <health/tls.h>
#include <openssl/ssl.h>

// The context of the policy's files: its authorities', its certificate's and key's. It is the
// cache's; an SSL that is made from it holds it too. NULL where 'waiter' waits, which is woken when
// they are read and then asks again; else '*fault' says what is amiss: no memory, or one of them
// cannot be used.
SSL_CTX *tls_contexts_get(struct tls_contexts *contexts, const struct config_health *policy,
	struct tls_waiter *waiter, const char **fault);

// The protocol that the backend must agree on; "".
const char *tls_alpn(const struct config_health *policy);

// Whether the peer is what the policy asks for: PROGRESS_NEXT or PROGRESS_FAILED.
enum progress tls_check_peer(struct conversation *conversation);

#endif
