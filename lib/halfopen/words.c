// SPDX-License-Identifier: BSD-3-Clause
#include <halfopen/halfopen_private.h>

#include <stdio.h>

#define ICMP_UNREACHABLE_PROTOCOL 2 // code of type 3
#define ICMPV6_UNKNOWN_HEADER     1 // code of type 4

void halfopen_say(struct probe_result *result, enum probe_outcome outcome,
	const struct halfopen_connection *connection, const char *what)
{
	bool brackets = connection->vip.family == ADDR_IPV6;
	char vip[ADDR_TEXT_SIZE];

	result->outcome = outcome;
	snprintf(result->reason, sizeof(result->reason), "through the path to %s%s%s:%u: %s",
		brackets ? "[" : "", addr_format(&connection->vip, vip, sizeof(vip)),
		brackets ? "]" : "", connection->vip_port, what);
}

void halfopen_say_timeout(struct probe_result *result, const struct halfopen_connection *connection,
	bool tunnels, const char *timeout)
{
	char what[PROBE_REASON_SIZE];

	snprintf(what, sizeof(what), "no answer within %s: is %sthe VIP on the host, %s", timeout,
		tunnels ? "decapsulation set up, " : "",
		tunnels ? "the port mapped?" : "and the port mapped?");
	halfopen_say(result, PROBE_FAILED, connection, what);
}

// RFC 792, RFC 4443 3.3: what has a TTL of 1 is not sent on.
static bool is_time_exceeded(const struct halfopen_answer *answer)
{
	return answer->icmp_type == (answer->from.family == ADDR_IPV4 ? 11 : 3) &&
	       answer->icmp_code == 0;
}

// RFC 792, RFC 4443 3.4: what Linux without a tunnel's end says of a tunnel's packet.
static bool is_no_tunnel(const struct halfopen_answer *answer)
{
	if (answer->from.family == ADDR_IPV4)
		return answer->icmp_type == 3 && answer->icmp_code == ICMP_UNREACHABLE_PROTOCOL;
	return answer->icmp_type == 4 && answer->icmp_code == ICMPV6_UNKNOWN_HEADER;
}

void halfopen_say_error(struct probe_result *result, const struct halfopen_connection *connection,
	const struct halfopen_answer *answer)
{
	char from[ADDR_TEXT_SIZE];
	char what[PROBE_REASON_SIZE];

	addr_format(&answer->from, from, sizeof(from));
	if (answer->in_tunnel && is_no_tunnel(answer))
		snprintf(what, sizeof(what), "%s takes no tunnel (ICMP): set up decapsulation",
			from);
	else if (!answer->in_tunnel && is_time_exceeded(answer))
		snprintf(what, sizeof(what), "%s would send it on (ICMP): is the VIP on the host?",
			from);
	else
		snprintf(what, sizeof(what), "ICMP type %u code %u from %s", answer->icmp_type,
			answer->icmp_code, from);
	halfopen_say(result, PROBE_FAILED, connection, what);
}

void halfopen_remark_mss(struct probe_result *result, uint16_t mss, uint16_t most)
{
	if (mss > most && result->remark[0] == '\0')
		snprintf(result->remark, sizeof(result->remark),
			"its SYN-ACK's MSS: advertises %u, needs at most %u", mss, most);
}
