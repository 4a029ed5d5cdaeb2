// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_VERIFY_H
#define FULCRUMCTL_TELEPORT_VERIFY_H

#include "port_check.h"

#include "../view.h"

#include <jansson.h>

// A cluster seen from where a client stands: a row for each thing that was looked at. One thread.

#define VERIFY_DETAIL_SIZE 160

enum verify_result {
	VERIFY_OK,
	VERIFY_NOTE, // fit to be known, or could not be told from here
	VERIFY_WRONG,
};

struct verify_row {
	char check[16];
	char target[64];
	uint8_t result; // enum verify_result
	char detail[VERIFY_DETAIL_SIZE];
};

struct verify {
	const struct cluster *cluster;
	enum cluster_role role;
	const char *resolver; // "ADDRESS" or "ADDRESS:PORT"; NULL: what /etc/resolv.conf says
	const char *ca; // NULL: the machine's own
	uint32_t connections; // to each port
	uint32_t timeout_ms; // of a connection
	uint64_t until_ns; // monotonic: then nothing more is tried
	SSL_CTX *tls;
	bool is_routed; // port 443 leads to an SSH server, too, as TLS routing has it
	struct rows rows;
	json_t *answers; // who answered, for programs
	bool failed; // for want of memory
};

// What is left for the next step, at most timeout_ms; 0: the time for all is over.
uint32_t verify_time_ms(const struct verify *verify);

void verify_add(struct verify *verify, enum verify_result result, const char *check,
	const char *target, const char *format, ...) __attribute__((format(printf, 5, 6)));

// The records of the domain and of a name below it.
void verify_dns(struct verify *verify);
// Every port of the pool on every VIP.
void verify_ports(struct verify *verify);

// --- Between verify_ports.c and verify_who.c ---

struct verify_seen {
	uint8_t identity[PORT_CHECK_IDENTITY_SIZE];
	enum port_check_identity kind;
	uint32_t connections;
	struct port_check_certificate certificate;
};

// Who is behind a port: as the connections through the VIP saw it.
struct verify_port {
	const struct port_kind *kind;
	char target[64]; // "203.0.113.10:443"
	struct verify_seen *seen;
	size_t seen_count;
};

// What each instance of the pool showed when it was asked at its own address.
struct verify_own {
	bool answered;
	uint8_t identity[PORT_CHECK_IDENTITY_SIZE];
};

struct port_check_request verify_request(
	const struct verify *verify, const struct port_kind *kind, const struct addr *address);

// Asks every instance. NULL without memory; the caller frees it.
struct verify_own *verify_ask_instances(struct verify *verify, const struct port_kind *kind);
// Rows of which instances and zones answered.
void verify_who(
	struct verify *verify, const struct verify_port *port, const struct verify_own *own);

#endif
