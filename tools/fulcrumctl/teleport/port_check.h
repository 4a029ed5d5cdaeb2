// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_CONTACT_H
#define FULCRUMCTL_TELEPORT_CONTACT_H

#include "ports.h"

#include <health/tls_words.h>

#include <openssl/ssl.h>
#include <time.h>

// One connection to a port, up to where it is known who answered, and its end. Blocks for twice the
// timeout at most: to connect, and to talk, however slowly the peer does. One thread, whose SIGALRM
// it takes.

#define PORT_CHECK_REASON_SIZE   128
#define PORT_CHECK_NAMES_SIZE    128
#define PORT_CHECK_IDENTITY_SIZE 32

struct port_check_request {
	SSL_CTX *tls;
	struct addr address;
	uint16_t port;
	enum port_speech speech;
	const char *domain; // asked for by SNI, and looked for in the certificate
	const char *alpn; // NULL: none is offered
	bool ssh_inside; // an SSH server is expected behind the TLS handshake
	uint32_t timeout_ms; // 0: nothing is tried
};

enum port_check_identity { PORT_CHECK_NONE, PORT_CHECK_CERTIFICATE, PORT_CHECK_HOST_KEY };

struct port_check_certificate {
	bool seen;
	uint8_t fingerprint[PORT_CHECK_IDENTITY_SIZE]; // SHA-256
	char names[PORT_CHECK_NAMES_SIZE]; // "teleport.example.com, *.teleport.example.com"
	bool has_domain;
	bool has_wildcard;
	time_t end_s;
	char distrust[TLS_WORDS_SIZE]; // why no CA vouches for it; empty: one does
};

struct port_check {
	bool answered; // all of it went well
	char reason[PORT_CHECK_REASON_SIZE]; // why not
	uint32_t took_us; // from the first packet to the end of the TCP handshake
	enum port_check_identity kind;
	uint8_t identity[PORT_CHECK_IDENTITY_SIZE]; // SHA-256 of the certificate or of the host key
	struct port_check_certificate certificate;
	char alpn[32]; // what was agreed on; "": nothing
};

void port_check_make(const struct port_check_request *request, struct port_check *out);

// --- Between the files of port_check ---

// A connection, plain or with TLS.
struct wire {
	int fd;
	SSL *ssl; // NULL: plain
	char *reason; // of PORT_CHECK_REASON_SIZE
};

// Exactly 'size' bytes: 0, or -EIO with the reason.
int wire_read(struct wire *wire, void *bytes, size_t size);
int wire_write(struct wire *wire, const void *bytes, size_t size);
// -EIO; the reason is set unless one is there already.
int wire_fail(struct wire *wire, const char *format, ...) __attribute__((format(printf, 2, 3)));

// SHA-256 of an SSH server's public host key, or of its certificate if it has one. 0 or -EIO with
// the reason.
int port_check_ssh(struct wire *wire, uint8_t identity[PORT_CHECK_IDENTITY_SIZE]);
// Asks the server for TLS in its own protocol. 0 or -EIO with the reason.
int port_check_mysql(struct wire *wire);
int port_check_postgres(struct wire *wire);
// The TLS handshake and what the certificate says. 0 or -EIO with the reason.
int port_check_tls(
	struct wire *wire, const struct port_check_request *request, struct port_check *out);
// 'verdict' is SSL_get_verify_result()'s. The names are printable. NULL is a certificate that was
// not seen.
void port_check_read_certificate(
	X509 *certificate, long verdict, const char *domain, struct port_check_certificate *out);

#endif
