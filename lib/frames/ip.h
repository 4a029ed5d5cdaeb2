// SPDX-License-Identifier: BSD-3-Clause
#ifndef FRAMES_IP_H
#define FRAMES_IP_H

#include <packet/checksum.h>
#include <packet/headers.h>
#include <string.h>

// The IP header of a packet that Fulcrum makes itself, without options. Plain bytes: any thread.

struct ip_fields {
	struct addr source;
	struct addr destination; // of the same family
	uint8_t protocol;
	uint8_t tos; // IPv6: the traffic class
	uint8_t ttl; // IPv6: the hop limit
	uint16_t fragment; // IPv4 alone: offset and flags
	uint16_t id_be; // IPv4 alone
};

static inline size_t ip_header_size(uint8_t family)
{
	return family == ADDR_IPV4 ? sizeof(struct ipv4_header) : sizeof(struct ipv6_header);
}

// Writes the header with 'payload' bytes behind it. Returns the header's size.
static inline size_t ip_write_header(uint8_t *at, const struct ip_fields *fields, size_t payload)
{
	struct ipv6_header six = {
		.version_class_label_be = be32(6u << 28 | (uint32_t)fields->tos << 20),
		.length_be = be16((uint16_t)payload),
		.next = fields->protocol,
		.hop_limit = fields->ttl,
	};
	struct ipv4_header four = {
		.version_ihl = 0x45,
		.tos = fields->tos,
		.length_be = be16((uint16_t)(payload + sizeof(four))),
		.id_be = fields->id_be,
		.fragment_be = be16(fields->fragment),
		.ttl = fields->ttl,
		.protocol = fields->protocol,
	};

	if (fields->source.family == ADDR_IPV4) {
		four.source_be = addr_ipv4_be(&fields->source);
		four.destination_be = addr_ipv4_be(&fields->destination);
		four.checksum = (uint16_t)~checksum_ipv4_sum(&four);
		memcpy(at, &four, sizeof(four));
		return sizeof(four);
	}
	memcpy(six.source, fields->source.bytes, 16);
	memcpy(six.destination, fields->destination.bytes, 16);
	memcpy(at, &six, sizeof(six));
	return sizeof(six);
}

#endif
