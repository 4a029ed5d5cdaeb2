// SPDX-License-Identifier: BSD-3-Clause
#include <packet/partial.h>

#include <packet/checksum.h>
#include <packet/headers.h>
#include <string.h>

#define TCP_CHECKSUM 16 // bytes into the header
#define UDP_CHECKSUM 6
#define UDP_LENGTH   4

// What the checksum covers: UDP has a length of its own, behind which there may be more.
static uint32_t l4_size(const uint8_t *frame, const struct packet *packet)
{
	uint16_t length_be;

	if (packet->kind == PACKET_TCP)
		return packet->l3_size - (uint32_t)(packet->l4_offset - packet->l3_offset);
	memcpy(&length_be, frame + packet->l4_offset + UDP_LENGTH, sizeof(length_be));
	return be16(length_be);
}

static uint32_t field_of(const struct packet *packet)
{
	return packet->l4_offset + (packet->kind == PACKET_TCP ? TCP_CHECKSUM : UDP_CHECKSUM);
}

static uint16_t pseudo_sum(const struct packet *packet, uint32_t size)
{
	uint64_t sum = be16((uint16_t)size) + (uint64_t)be16(packet->payload_protocol);
	uint32_t words[8];

	if (packet->family == ADDR_IPV4)
		return checksum_fold(sum + packet->ipv4.source_be + packet->ipv4.destination_be);
	memcpy(words, packet->ipv6.source, sizeof(words)); // and the destination behind it
	for (int i = 0; i < 8; i++)
		sum += words[i];
	return checksum_fold(sum);
}

_Static_assert(offsetof(struct tuple_ipv6, destination) == 16, "the addresses are neighbours");

bool partial_is_likely(const uint8_t *frame, const struct packet *packet)
{
	uint16_t field;

	if ((packet->kind != PACKET_TCP && packet->kind != PACKET_UDP) || packet->fragmented)
		return false;
	memcpy(&field, frame + field_of(packet), sizeof(field));
	return field == pseudo_sum(packet, l4_size(frame, packet));
}

bool partial_complete(uint8_t *frame, const struct packet *packet)
{
	uint32_t size = l4_size(frame, packet);
	uint16_t sum = checksum_sum(frame + packet->l4_offset, size, 0), whole;
	uint8_t *field = frame + field_of(packet);

	if (checksum_fold((uint64_t)sum + pseudo_sum(packet, size)) == 0xffff)
		return false;
	whole = (uint16_t)~sum; // the field's own part is the pseudo-header's
	if (whole == 0 && packet->kind == PACKET_UDP)
		whole = 0xffff; // RFC 768: zero says that there is none
	memcpy(field, &whole, sizeof(whole));
	return true;
}
