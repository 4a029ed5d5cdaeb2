// SPDX-License-Identifier: BSD-3-Clause
#include "render.h"
#include "verify.h"

#include <base/clock.h>

#include <stdlib.h>
#include <string.h>

#define FAILED_FIRST_MAX 2 // connections in a row that fail at first: the others would, too
#define ENDS_SOON_DAYS   14
#define DAY_S            86400

struct tally {
	uint32_t made;
	uint32_t answered;
	uint64_t took_us;
	char reason[PORT_CHECK_REASON_SIZE]; // of the first one that failed
};

struct port_check_request verify_request(
	const struct verify *verify, const struct port_kind *kind, const struct addr *address)
{
	bool routed = verify->is_routed && kind->port == 443;

	return (struct port_check_request){
		.tls = verify->tls,
		.address = *address,
		.port = kind->port,
		.speech = kind->speech,
		.domain = verify->cluster->domain,
		// All proxies may share a certificate; the host key behind it is each one's own.
		.alpn = routed ? "teleport-proxy-ssh" : kind->alpn,
		.ssh_inside = routed,
		.timeout_ms = verify_time_ms(verify),
	};
}

static void remember(struct verify_port *port, const struct port_check *port_check)
{
	struct verify_seen *seen = port->seen;

	for (size_t i = 0; i < port->seen_count; i++, seen++)
		if (memcmp(seen->identity, port_check->identity, sizeof(seen->identity)) == 0) {
			seen->connections++;
			return;
		}
	*seen = (struct verify_seen){
		.kind = port_check->kind, .connections = 1, .certificate = port_check->certificate};
	memcpy(seen->identity, port_check->identity, sizeof(seen->identity));
	port->seen_count++;
}

static void connect_often(struct verify *verify, struct verify_port *port, const struct addr *vip)
{
	struct port_check_request request = verify_request(verify, port->kind, vip);
	struct tally tally = {0};
	struct port_check port_check;

	while (tally.made < verify->connections &&
		(tally.answered > 0 || tally.made < FAILED_FIRST_MAX)) {
		port_check_make(&request, &port_check);
		tally.made++;
		if (port_check.answered) {
			tally.answered++;
			tally.took_us += port_check.took_us;
			remember(port, &port_check);
		} else if (tally.reason[0] == '\0') {
			memcpy(tally.reason, port_check.reason, sizeof(tally.reason));
		}
	}
	if (tally.answered == tally.made)
		verify_add(verify, VERIFY_OK, "reach", port->target,
			"%u of %u connections, on average in %.1f ms", tally.answered, tally.made,
			(double)tally.took_us / tally.answered / 1000);
	else
		verify_add(verify, VERIFY_WRONG, "reach", port->target, "%u of %u connections: %s",
			tally.answered, tally.made, tally.reason);
}

// What is wrong with a certificate, or NULL. The Auth Service's are of the cluster's own CA, and
// for other names.
static const char *certificate_fault(
	const struct verify *verify, const struct port_check_certificate *certificate)
{
	bool is_public = verify->role == CLUSTER_PROXY;

	if (certificate->end_s <= (time_t)clock_wall_s())
		return "it has ended";
	if (is_public && !certificate->has_domain)
		return "it is not for the domain";
	if (is_public && !certificate->has_wildcard)
		return "it is not for names below the domain, where the applications are";
	if (is_public || verify->ca != NULL)
		return certificate->distrust[0] != '\0' ? certificate->distrust : NULL;
	return NULL;
}

// Whether an earlier one has the same certificate: several instances may share it.
static bool is_told(const struct verify_port *port, size_t index)
{
	const struct port_check_certificate *own = &port->seen[index].certificate;

	for (size_t i = 0; i < index; i++)
		if (memcmp(own->fingerprint, port->seen[i].certificate.fingerprint,
			    sizeof(own->fingerprint)) == 0)
			return true;
	return false;
}

static void tell_fault(struct verify *verify, const struct verify_port *port,
	const struct port_check_certificate *certificate, const char *fault)
{
	char end[32];

	verify_add(verify, VERIFY_WRONG, "certificate", port->target, "%s: %s, until %s", fault,
		certificate->names,
		clock_format_utc((uint64_t)certificate->end_s, end, sizeof(end)));
}

// Of those that are right, the one that ends first.
static void check_certificates(struct verify *verify, const struct verify_port *port)
{
	const struct port_check_certificate *first = NULL;
	uint32_t right = 0;
	int64_t left_s;
	char end[32];

	for (size_t i = 0; i < port->seen_count; i++) {
		const struct port_check_certificate *own = &port->seen[i].certificate;
		const char *fault = own->seen ? certificate_fault(verify, own) : NULL;

		if (!own->seen || is_told(port, i))
			continue;
		if (fault != NULL) {
			tell_fault(verify, port, own, fault);
			continue;
		}
		right++;
		if (first == NULL || own->end_s < first->end_s)
			first = own;
	}
	if (first == NULL)
		return;
	left_s = (int64_t)first->end_s - (int64_t)clock_wall_s();
	clock_format_utc((uint64_t)first->end_s, end, sizeof(end));
	verify_add(verify, left_s < ENDS_SOON_DAYS * DAY_S ? VERIFY_NOTE : VERIFY_OK, "certificate",
		port->target, "%s, until %s, %lld days%s", first->names, end,
		(long long)left_s / DAY_S, right > 1 ? ", the first of several to end" : "");
}

// Each protocol is offered alone, so that nothing else can be agreed on.
static void check_alpn(
	struct verify *verify, const struct verify_port *port, const struct addr *vip)
{
	static const char *const routed[] = {"teleport-proxy-ssh", "h2", "http/1.1", NULL};
	static const char *const web[] = {"h2", "http/1.1", NULL};
	static const char *const grpc[] = {"h2", NULL};
	const char *const *names = verify->role == CLUSTER_AUTH   ? grpc
				   : verify->cluster->tls_routing ? routed
								  : web;
	struct port_check_request request = verify_request(verify, port->kind, vip);
	struct port_check port_check;

	request.ssh_inside = false;
	for (; *names != NULL; names++) {
		request.alpn = *names;
		port_check_make(&request, &port_check);
		if (port_check.answered && strcmp(port_check.alpn, *names) == 0)
			verify_add(verify, VERIFY_OK, "alpn", port->target, "%s", *names);
		else
			verify_add(verify, VERIFY_WRONG, "alpn", port->target, "%s: %s", *names,
				port_check.answered ? "it is not agreed on" : port_check.reason);
	}
}

static void check_port(struct verify *verify, const struct port_kind *kind, const struct addr *vip,
	const struct verify_own *own)
{
	struct verify_port port = {.kind = kind};

	render_endpoint(vip, kind->port, port.target, sizeof(port.target));
	port.seen = calloc(verify->connections, sizeof(*port.seen));
	if (port.seen == NULL) {
		verify->failed = true;
		return;
	}
	connect_often(verify, &port, vip);
	if (port.seen_count > 0) {
		check_certificates(verify, &port);
		if (kind->alpn != NULL)
			check_alpn(verify, &port, vip);
		verify_who(verify, &port, own);
	}
	free(port.seen);
}

// Whether the SSH server behind port 443 can be asked for its key. Where it cannot, the row of ALPN
// will say so.
static void try_routing(struct verify *verify, const struct port_kind *https)
{
	const struct cluster_pool *pool = &verify->cluster->pools[verify->role];
	struct port_check_request request;
	struct port_check port_check;

	verify->is_routed = verify->role == CLUSTER_PROXY && verify->cluster->tls_routing;
	request = verify_request(verify, https, &pool->vips[0]);
	if (verify->is_routed)
		port_check_make(&request, &port_check);
	verify->is_routed = verify->is_routed && port_check.answered;
}

void verify_ports(struct verify *verify)
{
	const struct cluster_pool *pool = &verify->cluster->pools[verify->role];
	const struct port_kind *kinds[PORTS_MAX];
	size_t count = ports_of(verify->cluster, verify->role, kinds);

	try_routing(verify, kinds[0]);
	for (size_t i = 0; i < count; i++) {
		struct verify_own *own = verify_ask_instances(verify, kinds[i]);

		if (own == NULL) {
			verify->failed = true;
			return;
		}
		for (uint32_t vip = 0; vip < pool->vip_count; vip++)
			check_port(verify, kinds[i], &pool->vips[vip], own);
		free(own);
	}
}
