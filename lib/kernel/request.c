// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <string.h>

#define DUMP_ATTEMPTS 5 // a dump that the tables changed under is asked for again

int kernel_af_of(const struct addr *address)
{
	return address->family == ADDR_IPV6 ? AF_INET6 : AF_INET;
}

bool kernel_read_addr(int af, const void *bytes, size_t size, struct addr *out)
{
	uint32_t four_be;

	if (af == AF_INET && size == sizeof(four_be)) {
		memcpy(&four_be, bytes, sizeof(four_be));
		*out = addr_from_ipv4_be(four_be);
		return true;
	}
	if (af == AF_INET6 && size == sizeof(out->bytes)) {
		*out = addr_from_ipv6(bytes);
		return true;
	}
	return false;
}

void kernel_request_put_addr(struct nlmsghdr *message, uint16_t type, const struct addr *address)
{
	mnl_attr_put(message, type, address->family == ADDR_IPV6 ? 16 : 4, address->bytes);
}

// Reads until the answer's end: MNL_CB_STOP from an acknowledgement or a dump's last message.
static int receive(struct kernel *kernel, uint32_t sequence, mnl_cb_t take, void *context)
{
	uint32_t port = mnl_socket_get_portid(kernel->requests);
	ssize_t size;
	int rc;

	do {
		size = mnl_socket_recvfrom(
			kernel->requests, kernel->buffer, sizeof(kernel->buffer));
		if (size < 0)
			return -errno;
		rc = messages_run(kernel->buffer, (size_t)size, sequence, port, take, context);
		if (rc < 0 && errno != EPROTO) // EPROTO: the rest of an answer given up on
			return errno > 0 ? message_code(-errno) : -EPROTO;
	} while (rc != MNL_CB_STOP);
	return 0;
}

int kernel_request_run(struct kernel *kernel, struct nlmsghdr *message, uint16_t flags,
	mnl_cb_t take, void *context)
{
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	if ((flags & NLM_F_DUMP) != NLM_F_DUMP)
		message->nlmsg_flags |= NLM_F_ACK;
	message->nlmsg_seq = ++kernel->sequence;
	if (mnl_socket_sendto(kernel->requests, message, message->nlmsg_len) < 0)
		return -errno;
	return receive(kernel, message->nlmsg_seq, take, context);
}

static int take_dumped(const struct nlmsghdr *message, void *context)
{
	struct kernel *kernel = context;

	table_take(&kernel->table, message);
	return MNL_CB_OK;
}

int kernel_request_dump(struct kernel *kernel, uint16_t type, const void *header, size_t size,
	mnl_cb_t take, void *context)
{
	_Alignas(MNL_ALIGNTO) uint8_t space[MNL_NLMSG_HDRLEN + 64];
	int rc = -EINTR;

	for (int i = 0; i < DUMP_ATTEMPTS && rc == -EINTR; i++) {
		struct nlmsghdr *message = mnl_nlmsg_put_header(space);

		message->nlmsg_type = type;
		memcpy(mnl_nlmsg_put_extra_header(message, size), header, size);
		rc = kernel_request_run(kernel, message, NLM_F_DUMP, take, context);
	}
	return rc;
}

int kernel_request_dump_strict(struct kernel *kernel, uint16_t type, const void *header,
	size_t size, mnl_cb_t take, void *context)
{
	int strict = 1, rc;

	mnl_socket_setsockopt(kernel->requests, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	rc = kernel_request_dump(kernel, type, header, size, take, context);
	strict = 0;
	mnl_socket_setsockopt(kernel->requests, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	return rc;
}

static int dump_tables(struct kernel *kernel)
{
	static const struct ifinfomsg links;
	static const struct ndmsg neighbours;
	static const struct ifaddrmsg addresses;
	int rc = kernel_request_dump(
		kernel, RTM_GETLINK, &links, sizeof(links), take_dumped, kernel);

	if (rc == 0)
		rc = kernel_request_dump(
			kernel, RTM_GETADDR, &addresses, sizeof(addresses), take_dumped, kernel);
	if (rc == 0)
		rc = kernel_request_dump(
			kernel, RTM_GETNEIGH, &neighbours, sizeof(neighbours), take_dumped, kernel);
	return rc;
}

// What was known stands until all of it is known anew: an interface that cannot be looked up is not
// one that is gone.
int request_dump(struct kernel *kernel)
{
	struct table before = kernel->table;
	int rc;

	memset(&kernel->table, 0, sizeof(kernel->table));
	rc = table_init(&kernel->table);
	if (rc == 0)
		rc = dump_tables(kernel);
	if (rc != 0) {
		table_free(&kernel->table);
		kernel->table = before;
	} else {
		kernel->table.own_changes += before.own_changes;
		table_free(&before);
	}
	return rc;
}
