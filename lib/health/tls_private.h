// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_TLS_PRIVATE_H
#define HEALTH_TLS_PRIVATE_H

#include <health/tls.h>
#include <openssl/ssl.h>

// The context whose authorities are those in the file 'ca' ("": none), or NULL: no memory, or the file
// holds none. It is the cache's; an SSL that is made from it holds it too.
SSL_CTX *tls_contexts_get(struct tls_contexts *contexts, const char *ca);

// The protocol that the backend must agree on; "".
const char *tls_alpn(const struct config_health *policy);

// Whether the peer is what the policy asks for: PROGRESS_NEXT or PROGRESS_FAILED.
enum progress tls_check_peer(struct conversation *conversation);

#endif
