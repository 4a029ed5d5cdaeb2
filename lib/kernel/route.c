// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

// The kernel's own answer for each destination, by RTM_GETROUTE: its policy rules, VRFs, next-hop
// objects and source selection are then never ours to copy. What costs is the round trip and the
// acknowledgement, not the look-up; so many requests go in one datagram, none asks for an
// acknowledgement, and the answers come in by one recvmmsg().

#define REQUEST_SIZE 96 // of one: headers and two addresses
#define ANSWER_SIZE  1024 // a route has few attributes; one that is longer counts as an error

_Static_assert(ROUTES_AT_ONCE *ANSWER_SIZE <= sizeof(((struct kernel *)0)->buffer),
	"the answers to as many requests fit");

static void take_via(const struct nlattr *attr, struct addr *out)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t size = mnl_attr_get_payload_len(attr);

	if (size > sizeof(*via))
		kernel_read_addr(via->rtvia_family, via->rtvia_addr, size - sizeof(*via), out);
}

static void take_metrics(const struct nlattr *metrics, uint32_t *mtu)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, metrics)
	{
		if (mnl_attr_get_type(attr) == RTAX_MTU &&
			mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			*mtu = mnl_attr_get_u32(attr);
	}
}

static void take_attribute(int af, const struct nlattr *attr, struct kernel_next_hop *out)
{
	const void *bytes = mnl_attr_get_payload(attr);
	size_t size = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			out->ifindex = mnl_attr_get_u32(attr);
		break;
	case RTA_GATEWAY:
		kernel_read_addr(af, bytes, size, &out->gateway);
		break;
	case RTA_VIA: // a gateway of the other family, RFC 5549
		take_via(attr, &out->gateway);
		break;
	case RTA_PREFSRC:
		kernel_read_addr(af, bytes, size, &out->source);
		break;
	case RTA_METRICS:
		if (mnl_attr_validate(attr, MNL_TYPE_NESTED) == 0)
			take_metrics(attr, &out->mtu);
		break;
	default:
		break;
	}
}

static void take_route(const struct nlmsghdr *message, struct kernel_next_hop *out)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*route))
		return;
	mnl_attr_for_each(attr, message, sizeof(*route))
		take_attribute(route->rtm_family, attr, out);
	out->reachable = out->ifindex != 0 &&
			 (route->rtm_type == RTN_UNICAST || route->rtm_type == RTN_LOCAL);
}

// How the kernel says that it has no route, or one that forbids: unreachable, blackhole, prohibit,
// throw.
static bool means_no_route(int rc)
{
	return rc == -ENETUNREACH || rc == -EHOSTUNREACH || rc == -EINVAL || rc == -EACCES ||
	       rc == -EAGAIN || rc == -ESRCH;
}

// What came for each destination; the answers bear the sequence numbers of the requests.
struct asked {
	struct kernel_next_hop *hops;
	int *codes;
	uint32_t first; // sequence number
	uint32_t count;
	uint32_t left; // without an answer
};

static size_t put_request(uint8_t *space, uint32_t sequence, const struct addr *destination,
	const struct addr *source)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = sequence;
	route->rtm_family = kernel_af_of(destination);
	route->rtm_dst_len = destination->family == ADDR_IPV6 ? 128 : 32;
	kernel_request_put_addr(message, RTA_DST, destination);
	if (source != NULL) {
		route->rtm_src_len = route->rtm_dst_len;
		kernel_request_put_addr(message, RTA_SRC, source);
	}
	return message->nlmsg_len; // a multiple of NLMSG_ALIGNTO
}

static int code_of(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(error->error))
		return -EPROTO;
	return means_no_route(error->error) ? 0 : message_code(error->error);
}

static void take_answer(struct asked *asked, const struct nlmsghdr *message)
{
	uint32_t at = message->nlmsg_seq - asked->first;

	if (at >= asked->count || asked->codes[at] != -EINPROGRESS)
		return; // to a request that was given up on
	if (message->nlmsg_type == RTM_NEWROUTE) {
		take_route(message, &asked->hops[at]);
		asked->codes[at] = 0;
	} else {
		asked->codes[at] = message->nlmsg_type == NLMSG_ERROR ? code_of(message) : -EPROTO;
	}
	asked->left--;
}

// Waits for one answer at least. 0 or a negative errno.
static int receive_some(struct kernel *kernel, struct asked *asked)
{
	struct mmsghdr datagrams[ROUTES_AT_ONCE] = {0};
	struct iovec pieces[ROUTES_AT_ONCE];
	int count;

	for (uint32_t i = 0; i < asked->left; i++) {
		pieces[i] = (struct iovec){kernel->buffer + i * ANSWER_SIZE, ANSWER_SIZE};
		datagrams[i].msg_hdr.msg_iov = &pieces[i];
		datagrams[i].msg_hdr.msg_iovlen = 1;
	}
	count = recvmmsg(
		mnl_socket_get_fd(kernel->requests), datagrams, asked->left, MSG_WAITFORONE, NULL);
	for (int i = 0; i < count; i++) {
		const struct nlmsghdr *message = pieces[i].iov_base;

		if (message_fits(message, datagrams[i].msg_len))
			take_answer(asked, message);
	}
	return count < 0 ? -errno : 0;
}

static size_t put_requests(uint8_t *space, struct asked *asked, const struct addr *destinations,
	const struct addr *sources)
{
	size_t size = 0;

	for (uint32_t i = 0; i < asked->count; i++) {
		asked->codes[i] = -EINPROGRESS;
		if (destinations[i].family == ADDR_NONE) {
			asked->codes[i] = -EINVAL;
			continue;
		}
		size += put_request(space + size, asked->first + i, &destinations[i],
			sources != NULL ? &sources[i] : NULL);
		asked->left++;
	}
	return size;
}

void routes_ask(struct kernel *kernel, const struct addr *destinations, const struct addr *sources,
	uint32_t count, struct kernel_next_hop *hops, int *codes)
{
	struct asked asked = {hops, codes, kernel->sequence + 1, count, 0};
	_Alignas(MNL_ALIGNTO) uint8_t space[ROUTES_AT_ONCE * REQUEST_SIZE];
	size_t size = put_requests(space, &asked, destinations, sources);
	int rc = 0;

	kernel->sequence += count;
	memset(hops, 0, count * sizeof(*hops));
	if (size > 0 && mnl_socket_sendto(kernel->requests, space, size) < 0)
		rc = -errno;
	while (rc == 0 && asked.left > 0)
		rc = receive_some(kernel, &asked);
	for (uint32_t i = 0; i < count; i++)
		if (codes[i] == -EINPROGRESS)
			codes[i] = rc;
}
