// SPDX-License-Identifier: BSD-3-Clause
#ifndef FRAMES_ANSWER_H
#define FRAMES_ANSWER_H

#include <packet/parse.h>
#include <stdint.h>

// The few packets that the balancer sends in a VIP's name. Each is made in place of the packet that
// it answers, from the address that it was sent to, back to its sender. Plain bytes: any thread.
//
// 'l3' is the packet's IP header, '*size' its bytes from there on. The answer may begin before
// 'l3', by ANSWER_GROWTH bytes at most. Returns its IP header and sets '*size'.

#define ANSWER_GROWTH 48 // an IPv6 and an ICMP header

// RFC 792, RFC 4443 4.2: an echo request becomes its reply. NULL where its checksum is wrong.
uint8_t *answer_echo(uint8_t *l3, const struct packet *packet, uint16_t *size);

// A fragment of an echo request becomes that of its reply, with the same place and identification;
// of the first one the checksum is changed by what the type changes (RFC 1624), right or wrong.
// Nothing but its fragment header may be before its ICMP message.
uint8_t *answer_echo_fragment(uint8_t *l3, const struct packet *packet, uint16_t *size);

// RFC 792 and RFC 1191 4 ("fragmentation needed and DF set"), RFC 4443 3.2 ("packet too big"), with
// the next hop's MTU. Quotes what fits into 576 (RFC 1812 4.3.2.3) or 1280 (RFC 4443 2.4 c) bytes.
uint8_t *answer_too_big(uint8_t *l3, const struct packet *packet, uint16_t mtu, uint16_t *size);

// RFC 1122 4.1.3.1, RFC 4443 3.1: port unreachable. Quotes as much.
uint8_t *answer_no_port(uint8_t *l3, const struct packet *packet, uint16_t *size);

// RFC 9293 3.10.7.1: the RST for a TCP segment of a connection that does not exist. With an ACK in
// the segment, its acknowledgment number is what the client expects next, as RFC 5961 3.2 demands.
uint8_t *answer_reset(uint8_t *l3, const struct packet *packet, uint16_t *size);

// Whether the ICMP or ICMPv6 message of 'size' bytes from the IP header on has the right checksum.
bool answer_icmp_is_sound(const uint8_t *l3, const struct packet *packet);

#endif
