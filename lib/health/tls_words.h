// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_TLS_WORDS_H
#define HEALTH_TLS_WORDS_H

// What went wrong in TLS, in words for an operator, for probes and for fulcrumctl. The library's
// own messages name its source and not the cause. Pure functions, for any thread; they link without
// the rest of the room.

#define TLS_WORDS_SIZE 128

// Of OpenSSL's error code, as ERR_peek_last_error() has it: who refused what. Returns 'text'.
const char *tls_error_words(unsigned long error, char text[TLS_WORDS_SIZE]);

// Of what SSL_get_verify_result() says of a certificate, unless it is X509_V_OK: a sentence about
// 'it', the certificate.
const char *tls_verdict_words(long verdict, char text[TLS_WORDS_SIZE]);

#endif
