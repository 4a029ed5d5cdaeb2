// SPDX-License-Identifier: BSD-3-Clause
#include <packet/headers.h>
#include <packet/parse.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// The frames that the tables below start from: addresses 192.0.2.1 and 2001:db8::1 to 203.0.113.10
// and 2001:db8:1::10, ports 1234 to 443.
#define MACS    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
#define CLIENT4 192, 0, 2, 1
#define VIP4    203, 0, 113, 10
#define CLIENT6 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define VIP6    0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
#define TCP     4, 210, 1, 187, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0
#define UDP     4, 210, 1, 187, 0, 12, 0, 0, 'a', 'b', 'c', 'd'

static const uint8_t tcp4[] = {
	MACS, 8, 0, 0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0, CLIENT4, VIP4, TCP};
static const uint8_t udp4[] = {
	MACS, 8, 0, 0x45, 0, 0, 32, 0, 7, 0, 0, 64, 17, 0, 0, CLIENT4, VIP4, UDP};
static const uint8_t tagged4[] = {MACS, 0x88, 0xa8, 0x20, 9, 0x81, 0, 0, 5, 8, 0, 0x45, 0, 0, 32, 0,
	7, 0, 0, 64, 17, 0, 0, CLIENT4, VIP4, UDP};
static const uint8_t error4[] = {MACS, 8, 0, 0x45, 0, 0, 56, 0, 7, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1,
	VIP4, //
	3, 4, 0, 0, 0, 0, 5, 0xdc, // RFC 792: fragmentation needed
	0x45, 0, 5, 0xdc, 0, 9, 0x40, 0, 60, 6, 0, 0, VIP4, CLIENT4, 1, 187, 4, 210, 0, 0, 0, 5};
static const uint8_t tcp6[] = {MACS, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, CLIENT6, VIP6, TCP};
// Hop-by-hop options, then the first fragment of a datagram.
static const uint8_t chain6[] = {MACS, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 40, 0, 64, CLIENT6, VIP6, //
	44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef, //
	4, 210, 1, 187, 0, 100, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t error6[] = {MACS, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 56, 58, 64, CLIENT6, VIP6, //
	2, 0, 0, 0, 0, 0, 5, 0, 0x60, 0, 0, 0, 5, 0xdc, 17, 64, VIP6, CLIENT6, 1, 187, 4, 210, 5,
	0xdc, 0, 0};

#define BASE(frame) frame, sizeof(frame)
#define CUT(frame, keep)           \
	{                          \
		BASE(frame), keep, \
		{                  \
			{          \
				0  \
			}          \
		}                  \
	}
#define WHOLE(frame) CUT(frame, 0)
#define L3           14 // where the IP header starts
#define Q4           (L3 + 28) // where the quoted one does
#define Q6           (L3 + 48)

// A frame cut to 'keep' bytes (0: whole) and changed at up to five places.
struct sample {
	const uint8_t *frame;
	size_t size;
	size_t keep;
	struct {
		uint8_t at;
		uint8_t value;
	} change[5];
};

// The bytes in a block of their very size, so that a sanitizer sees each read past them.
static int parse_sample(const struct sample *s, bool checksum_known_good, struct packet *p,
	enum drop_reason *reason)
{
	size_t size = s->keep != 0 ? s->keep : s->size;
	uint8_t *bytes = malloc(size);
	int result;

	assert_non_null(bytes);
	memcpy(bytes, s->frame, size);
	for (size_t i = 0; i < COUNT(s->change); i++)
		if (s->change[i].at != 0)
			bytes[s->change[i].at] = s->change[i].value;
	result = packet_parse(bytes, size, checksum_known_good, p, reason);
	free(bytes);
	return result;
}

static const struct {
	struct sample sample;
	enum drop_reason reason;
} malformed[] = {
	{CUT(tcp4, 1), DROP_ETH_SHORT},
	{CUT(tcp4, 13), DROP_ETH_SHORT},
	{CUT(tagged4, 14), DROP_VLAN_SHORT},
	{CUT(tagged4, 17), DROP_VLAN_SHORT},
	{CUT(tagged4, 21), DROP_VLAN_SHORT},
	{CUT(tcp4, 14), DROP_IPV4_SHORT},
	{CUT(tcp4, 33), DROP_IPV4_SHORT},
	{{BASE(tcp4), 50, {{L3, 0x4f}}}, DROP_IPV4_SHORT}, // options past the frame
	{{BASE(tcp4), 0, {{L3, 0x65}}}, DROP_IPV4_VERSION},
	{{BASE(tcp4), 0, {{L3, 0x44}}}, DROP_IPV4_HEADER},
	{{BASE(tcp4), 0, {{L3, 0x40}}}, DROP_IPV4_HEADER},
	{{BASE(tcp4), 0, {{L3, 0x46}}}, DROP_IPV4_OPTIONS}, // the ports: an option of 210 bytes
	{{BASE(tcp4), 0, {{L3 + 3, 41}}}, DROP_IPV4_LENGTH},
	{{BASE(tcp4), 0, {{L3 + 3, 19}}}, DROP_IPV4_LENGTH},
	{{BASE(tcp4), 0, {{L3, 0x46}, {L3 + 3, 20}}}, DROP_IPV4_LENGTH},
	{{BASE(tcp4), 0, {{L3 + 2, 0xff}}}, DROP_IPV4_LENGTH},
	{CUT(tcp6, 14), DROP_IPV6_SHORT},
	{CUT(tcp6, 53), DROP_IPV6_SHORT},
	{{BASE(tcp6), 0, {{L3, 0x45}}}, DROP_IPV6_VERSION},
	{{BASE(tcp6), 0, {{L3 + 5, 21}}}, DROP_IPV6_LENGTH},
	{{BASE(tcp6), 0, {{L3 + 4, 0xff}}}, DROP_IPV6_LENGTH},
	{{BASE(chain6), 0, {{L3 + 41, 5}}}, DROP_IPV6_EXTENSION}, // longer than the packet
	{{BASE(chain6), 0, {{L3 + 5, 7}}}, DROP_IPV6_EXTENSION},
	{{BASE(chain6), 0, {{L3 + 5, 15}}}, DROP_IPV6_EXTENSION},
	{{BASE(chain6), 0, {{L3 + 48, 44}}}, DROP_IPV6_EXTENSION}, // fragment in a fragment
	{{BASE(chain6), 0, {{L3 + 48, 51}, {L3 + 57, 5}}}, DROP_IPV6_EXTENSION},
	{{BASE(tcp6), 0, {{L3 + 6, 0}}}, DROP_IPV6_EXTENSION}, // a TCP header as options
	{{BASE(tcp4), 0, {{L3 + 3, 39}}}, DROP_TCP_SHORT},
	{{BASE(tcp6), 0, {{L3 + 5, 19}}}, DROP_TCP_SHORT},
	{{BASE(tcp4), 0, {{L3 + 32, 0x40}}}, DROP_TCP_HEADER},
	{{BASE(tcp4), 0, {{L3 + 32, 0x60}}}, DROP_TCP_HEADER},
	{{BASE(tcp6), 0, {{L3 + 52, 0xf0}}}, DROP_TCP_HEADER},
	{{BASE(udp4), 0, {{L3 + 3, 27}}}, DROP_UDP_SHORT},
	{{BASE(udp4), 0, {{L3 + 25, 7}}}, DROP_UDP_LENGTH},
	{{BASE(udp4), 0, {{L3 + 25, 0}}}, DROP_UDP_LENGTH},
	{{BASE(udp4), 0, {{L3 + 25, 13}}}, DROP_UDP_LENGTH},
	{{BASE(tcp6), 0, {{L3 + 6, 17}, {L3 + 45, 21}}}, DROP_UDP_LENGTH},
	{{BASE(error4), 0, {{L3 + 3, 27}}}, DROP_ICMP_SHORT},
	{{BASE(error6), 0, {{L3 + 5, 7}}}, DROP_ICMP_SHORT},
	// RFC 791 2.3, RFC 8200 4.5: what no datagram can have
	{{BASE(tcp4), 0, {{L3 + 6, 0x3f}, {L3 + 7, 0xff}}}, DROP_FRAGMENT_LENGTH},
	{{BASE(udp4), 0, {{L3 + 6, 0x20}}}, DROP_FRAGMENT_LENGTH}, // 12 bytes, and more to come
	{{BASE(chain6), 0, {{L3 + 50, 0xff}, {L3 + 51, 0xf8}}}, DROP_FRAGMENT_LENGTH},
	{{BASE(chain6), 0, {{L3 + 5, 39}}}, DROP_FRAGMENT_LENGTH},
	// RFC 3128
	{{BASE(tcp4), 0, {{L3 + 6, 0}, {L3 + 7, 1}}}, DROP_FRAGMENT_OVERLAP},
	{{BASE(tcp4), 0, {{L3 + 6, 0}, {L3 + 7, 2}}}, DROP_FRAGMENT_OVERLAP},
	{{BASE(tcp4), 0, {{L3 + 3, 36}, {L3 + 6, 0x20}}}, DROP_FRAGMENT_SHORT},
	{{BASE(udp4), 0, {{L3 + 3, 20}, {L3 + 6, 0x20}}}, DROP_FRAGMENT_SHORT},
	{{BASE(chain6), 0, {{L3 + 5, 16}}}, DROP_FRAGMENT_SHORT},
};

static void a_malformed_frame_is_dropped_for_what_is_wrong_with_it(void **state)
{
	for (size_t i = 0; i < COUNT(malformed); i++) {
		enum drop_reason reason = DROP_REASON_COUNT;
		struct packet p;

		if (parse_sample(&malformed[i].sample, true, &p, &reason) != -1 ||
			reason != malformed[i].reason)
			fail_msg("row %zu: want %s, got %s", i, drop_label(malformed[i].reason),
				reason < DROP_REASON_COUNT ? drop_label(reason) : "no reason");
	}
}

static void a_wrong_ipv4_checksum_is_dropped_unless_the_port_has_seen_to_it(void **state)
{
	struct sample s = {BASE(tcp4), 0, {{L3 + 10, 0x3c}, {L3 + 11, 0xbc}}};
	enum drop_reason reason;
	struct packet p;

	assert_int_equal(parse_sample(&s, false, &p, &reason), -1);
	assert_int_equal(reason, DROP_IPV4_CHECKSUM);
	assert_int_equal(parse_sample(&s, true, &p, &reason), 0);
	s.change[1].value = 0xbd; // what scapy computes
	assert_int_equal(parse_sample(&s, false, &p, &reason), 0);
	s.change[2].at = L3 + 1; // DSCP and ECN are under the checksum too
	s.change[2].value = 0x28;
	assert_int_equal(parse_sample(&s, false, &p, &reason), -1);
	assert_int_equal(reason, DROP_IPV4_CHECKSUM);
}

// More extension headers than are looked through.
static void extension_headers_are_walked_up_to_the_bound(void **state)
{
	uint8_t frame[L3 + 40 + 8 * (PACKET_EXTENSIONS_MAX + 1) + 20];
	enum drop_reason reason;
	struct packet p;

	for (size_t count = PACKET_EXTENSIONS_MAX; count <= PACKET_EXTENSIONS_MAX + 1; count++) {
		uint8_t *at = frame + L3 + 40;

		memcpy(frame, tcp6, L3 + 40);
		frame[L3 + 5] = (uint8_t)(20 + 8 * count);
		frame[L3 + 6] = 60;
		for (size_t i = 1; i <= count; i++, at += 8)
			memcpy(at, (uint8_t[]){i == count ? 6 : 60, 0, 1, 4, 0, 0, 0, 0}, 8);
		memcpy(at, tcp6 + L3 + 40, 20);
		if (count > PACKET_EXTENSIONS_MAX) {
			assert_int_equal(
				packet_parse(frame, sizeof(frame), false, &p, &reason), -1);
			assert_int_equal(reason, DROP_IPV6_EXTENSIONS);
		} else {
			assert_int_equal(
				packet_parse(frame, sizeof(frame) - 8, false, &p, &reason), 0);
			assert_int_equal(p.kind, PACKET_TCP);
			assert_int_equal(p.l4_offset, L3 + 40 + 8 * count);
		}
	}
}

// Those of the list up to SOURCE_INVALID, save what only the stages behind the parser can know.
static void every_reason_that_the_parser_gives_has_a_frame(void **state)
{
	static const enum drop_reason later[] = {DROP_ICMP_QUOTE, DROP_ICMP_FOREIGN,
		DROP_ICMP_CHECKSUM, DROP_FRAGMENT_UNKNOWN, DROP_FRAGMENT_FULL, DROP_SEGMENTS,
		DROP_MAC_FOREIGN, DROP_MAC_SOURCE};
	bool reached[DROP_REASON_COUNT] = {0};

	reached[DROP_IPV4_CHECKSUM] = true; // the two tests above
	reached[DROP_IPV6_EXTENSIONS] = true;
	for (size_t i = 0; i < COUNT(later); i++)
		reached[later[i]] = true;
	for (size_t i = 0; i < COUNT(malformed); i++)
		reached[malformed[i].reason] = true;
	for (int i = 0; i < DROP_SOURCE_INVALID; i++)
		if (!reached[i])
			fail_msg("no frame for %s", drop_label((enum drop_reason)i));
}

// What is for the path; ports as in the tuple, 0 where it has none.
static const struct {
	const char *name;
	struct sample sample;
	enum packet_kind kind;
	uint8_t l3_offset;
	uint8_t l4_offset;
	uint8_t l3_size;
	uint8_t protocol; // the tuple's
	bool with_ports;
	bool fragmented;
} good[] = {
	{"TCP", WHOLE(tcp4), PACKET_TCP, 14, 34, 40, 6, true, false},
	{"UDP", WHOLE(udp4), PACKET_UDP, 14, 34, 32, 17, true, false},
	{"UDP behind two tags", WHOLE(tagged4), PACKET_UDP, 22, 42, 32, 17, true, false},
	{"padding", {BASE(udp4), 0, {{L3 + 3, 30}, {L3 + 25, 10}}}, PACKET_UDP, 14, 34, 30, 17,
		true, false},
	{"UDP shorter than its packet", {BASE(udp4), 0, {{L3 + 25, 8}}}, PACKET_UDP, 14, 34, 32, 17,
		true, false},
	{"IPv4 options", {BASE(tcp4), 0, {{L3, 0x46}, {L3 + 9, 99}, {L3 + 20, 1}, {L3 + 21, 0}}},
		PACKET_OTHER, 14, 38, 40, 99, false, false},
	{"a later fragment", {BASE(udp4), 0, {{L3 + 7, 1}}}, PACKET_LATER_FRAGMENT, 14, 34, 32, 17,
		false, true},
	{"TCP's fragment behind its header", {BASE(tcp4), 0, {{L3 + 6, 0}, {L3 + 7, 3}}},
		PACKET_LATER_FRAGMENT, 14, 34, 40, 6, false, true},
	{"a first fragment", {BASE(udp4), 0, {{L3 + 3, 28}, {L3 + 6, 0x20}, {L3 + 24, 5}}},
		PACKET_UDP, 14, 34, 28, 17, true, true},
	{"an ICMP error", WHOLE(error4), PACKET_ICMP_ERROR, 14, 34, 56, 6, true, false},
	{"an ICMP error from another address", {BASE(error4), 0, {{Q4 + 15, 11}}},
		PACKET_ICMP_FOREIGN, 14, 34, 56, 1, false, false},
	{"an ICMP error that quotes IPv6", {BASE(error4), 0, {{Q4, 0x65}}}, PACKET_ICMP_BAD_QUOTE,
		14, 34, 56, 1, false, false},
	{"an ICMP error that quotes a short header", {BASE(error4), 0, {{Q4, 0x44}}},
		PACKET_ICMP_BAD_QUOTE, 14, 34, 56, 1, false, false},
	{"an ICMP error that quotes 63 bits", {BASE(error4), 0, {{L3 + 3, 55}}},
		PACKET_ICMP_BAD_QUOTE, 14, 34, 55, 1, false, false},
	{"an ICMP error that quotes options and no ports", {BASE(error4), 0, {{Q4, 0x46}}},
		PACKET_ICMP_BAD_QUOTE, 14, 34, 56, 1, false, false},
	{"an ICMP error that quotes a later fragment", {BASE(error4), 0, {{Q4 + 7, 1}}},
		PACKET_ICMP_BAD_QUOTE, 14, 34, 56, 1, false, false},
	{"an ICMP error about ICMP", {BASE(error4), 0, {{Q4 + 9, 1}}}, PACKET_ICMP_BAD_QUOTE, 14,
		34, 56, 1, false, false},
	{"an ICMP redirect", {BASE(error4), 0, {{L3 + 20, 5}}}, PACKET_OTHER, 14, 34, 56, 1, false,
		false},
	{"a fragmented ICMP error", {BASE(error4), 0, {{L3 + 3, 52}, {L3 + 6, 0x20}}}, PACKET_OTHER,
		14, 34, 52, 1, false, true},
	{"echo", {BASE(error4), 0, {{L3 + 20, 8}, {L3 + 21, 0}}}, PACKET_ICMP_ECHO, 14, 34, 56, 1,
		false, false},
	{"the first fragment of an echo",
		{BASE(error4), 0, {{L3 + 3, 52}, {L3 + 6, 0x20}, {L3 + 20, 8}, {L3 + 21, 0}}},
		PACKET_ICMP_ECHO, 14, 34, 52, 1, false, true},
	{"a first fragment that ends before its ICMP header",
		{BASE(error4), 0, {{L3 + 3, 20}, {L3 + 6, 0x20}}}, PACKET_OTHER, 14, 34, 20, 1,
		false, true},
	{"echo of code 4", {BASE(error4), 0, {{L3 + 20, 8}}}, PACKET_OTHER, 14, 34, 56, 1, false,
		false},
	{"TCP over IPv6", WHOLE(tcp6), PACKET_TCP, 14, 54, 60, 6, true, false},
	{"a first fragment behind an extension", WHOLE(chain6), PACKET_UDP, 14, 70, 80, 17, true,
		true},
	{"a whole packet with a fragment header", {BASE(chain6), 0, {{L3 + 51, 0}, {L3 + 61, 24}}},
		PACKET_UDP, 14, 70, 80, 17, true, false}, // RFC 6946
	{"a later fragment of IPv6", {BASE(chain6), 0, {{L3 + 51, 8}}}, PACKET_LATER_FRAGMENT, 14,
		70, 80, 17, false, true},
	{"no next header", {BASE(tcp6), 0, {{L3 + 6, 59}}}, PACKET_OTHER, 14, 54, 60, 59, false,
		false},
	{"ICMP over IPv6", {BASE(tcp6), 0, {{L3 + 6, 1}}}, PACKET_OTHER, 14, 54, 60, 1, false,
		false},
	{"an ICMPv6 error", WHOLE(error6), PACKET_ICMP_ERROR, 14, 54, 96, 17, true, false},
	{"an ICMPv6 error from another address", {BASE(error6), 0, {{Q6 + 23, 0x11}}},
		PACKET_ICMP_FOREIGN, 14, 54, 96, 58, false, false},
	{"an ICMPv6 error that quotes IPv4", {BASE(error6), 0, {{Q6, 0x45}}}, PACKET_ICMP_BAD_QUOTE,
		14, 54, 96, 58, false, false},
	{"an ICMPv6 error without all ports", {BASE(error6), 0, {{L3 + 5, 55}}},
		PACKET_ICMP_BAD_QUOTE, 14, 54, 95, 58, false, false},
	{"echo over IPv6", {BASE(error6), 0, {{L3 + 40, 128}}}, PACKET_ICMP_ECHO, 14, 54, 96, 58,
		false, false},
	{"ARP", {BASE(udp4), 0, {{13, 6}}}, PACKET_NOT_IP, 14, 0, 0, 0, false, false},
};

static uint32_t tuple_protocol(const struct packet *p)
{
	return p->family == ADDR_IPV6 ? p->ipv6.protocol : p->ipv4.protocol;
}

static void a_well_formed_frame_gives_its_tuple(void **state)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		uint16_t source = good[i].with_ports ? 1234 : 0;
		uint16_t destination = good[i].with_ports ? 443 : 0;
		enum drop_reason reason = DROP_REASON_COUNT;
		struct packet p;

		if (parse_sample(&good[i].sample, true, &p, &reason) != 0)
			fail_msg("%s: dropped, %s", good[i].name, drop_label(reason));
		if (p.kind != good[i].kind || p.l3_offset != good[i].l3_offset ||
			p.l4_offset != good[i].l4_offset || p.l3_size != good[i].l3_size ||
			tuple_protocol(&p) != good[i].protocol ||
			p.fragmented != good[i].fragmented ||
			be16(packet_source_port_be(&p)) != source ||
			be16(packet_destination_port_be(&p)) != destination)
			fail_msg("%s: kind %u at %u and %u, size %u, protocol %u, fragmented %u, "
				 "ports %u to %u",
				good[i].name, p.kind, p.l3_offset, p.l4_offset, p.l3_size,
				tuple_protocol(&p), p.fragmented, be16(packet_source_port_be(&p)),
				be16(packet_destination_port_be(&p)));
	}
}

// Flow packets and the errors about them must hash alike: the tuples are equal byte for byte.
static void an_icmp_error_has_the_tuple_of_its_flow(void **state)
{
	const struct sample flow4 = WHOLE(tcp4);
	const struct sample flow6 = {BASE(tcp6), 0, {{L3 + 6, 17}, {L3 + 45, 20}}};
	const struct sample errors[] = {WHOLE(error4), WHOLE(error6)};
	enum drop_reason reason;
	struct packet flow;
	struct packet error;

	assert_int_equal(parse_sample(&flow4, true, &flow, &reason), 0);
	assert_int_equal(parse_sample(&errors[0], true, &error, &reason), 0);
	assert_memory_equal(&flow.ipv4, &error.ipv4, sizeof(flow.ipv4));
	assert_int_equal(parse_sample(&flow6, true, &flow, &reason), 0);
	assert_int_equal(parse_sample(&errors[1], true, &error, &reason), 0);
	assert_memory_equal(&flow.ipv6, &error.ipv6, sizeof(flow.ipv6));
}

static void a_fragment_tells_which_datagram_it_is_of(void **state)
{
	const struct sample later4 = {BASE(udp4), 0, {{L3 + 7, 1}}};
	const struct sample first6 = WHOLE(chain6);
	const struct sample tagged = WHOLE(tagged4);
	enum drop_reason reason;
	struct packet p;

	assert_int_equal(parse_sample(&later4, true, &p, &reason), 0);
	assert_int_equal(p.fragment_id, be16(7));
	assert_int_equal(parse_sample(&first6, true, &p, &reason), 0);
	assert_int_equal(p.fragment_id, be32(0xdeadbeef));
	assert_int_equal(parse_sample(&tagged, true, &p, &reason), 0);
	assert_int_equal(p.vlan_tci, 0x2009);
}

// No cut of a frame that is whole to its last byte may pass for a packet with ports.
static void a_frame_cut_anywhere_is_never_taken_for_whole(void **state)
{
	static const struct sample whole[] = {WHOLE(tcp4), WHOLE(udp4), WHOLE(tagged4),
		WHOLE(error4), WHOLE(tcp6), WHOLE(chain6), WHOLE(error6)};

	for (size_t i = 0; i < COUNT(whole); i++)
		for (size_t keep = 1; keep < whole[i].size; keep++) {
			struct sample s = whole[i];
			enum drop_reason reason;
			struct packet p;

			s.keep = keep;
			assert_int_equal(parse_sample(&s, true, &p, &reason), -1);
		}
}

static void every_reason_has_a_label_of_its_own_and_a_sentence(void **state)
{
	for (int i = 0; i < DROP_REASON_COUNT; i++) {
		const char *label = drop_label((enum drop_reason)i);

		assert_int_equal(
			strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(label));
		assert_true(strlen(drop_text((enum drop_reason)i)) > 10);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(label, drop_label((enum drop_reason)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_malformed_frame_is_dropped_for_what_is_wrong_with_it),
		cmocka_unit_test(a_wrong_ipv4_checksum_is_dropped_unless_the_port_has_seen_to_it),
		cmocka_unit_test(extension_headers_are_walked_up_to_the_bound),
		cmocka_unit_test(every_reason_that_the_parser_gives_has_a_frame),
		cmocka_unit_test(a_frame_cut_anywhere_is_never_taken_for_whole),
		cmocka_unit_test(a_well_formed_frame_gives_its_tuple),
		cmocka_unit_test(an_icmp_error_has_the_tuple_of_its_flow),
		cmocka_unit_test(a_fragment_tells_which_datagram_it_is_of),
		cmocka_unit_test(every_reason_has_a_label_of_its_own_and_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
