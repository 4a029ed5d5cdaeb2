// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_TLS_LIMITS_H
#define HEALTH_TLS_LIMITS_H

#include <openssl/ssl.h>
#include <stdbool.h>

// What a handshake may cost the event loop, whatever the backend sends: ciphers, groups, sizes of
// keys and of chains. tests/unit/test_health_hostile.c holds each step under 10 ms.

// No finite-field Diffie-Hellman, whose cost the peer chooses; no renegotiation; one message of the
// handshake's later part a read. 0 or -1, with OpenSSL's error.
int tls_limits_set(SSL_CTX *ctx, bool is_verified);

#define TLS_REFUSAL_SIZE 96

// Why its certificates are refused, before anything is reckoned with their keys, is written there:
// "" until then. The place outlives the session.
void tls_limits_attend(SSL *ssl, char refusal[TLS_REFUSAL_SIZE]);

#endif
