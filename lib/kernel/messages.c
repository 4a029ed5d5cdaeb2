// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/messages.h>

#include <errno.h>

#define ERRNO_MAX 4095 // the kernel's MAX_ERRNO

int message_code(int error)
{
	return error <= 0 && error >= -ERRNO_MAX ? error : -EPROTO;
}

// libmnl compares lengths as signed numbers: one of 2 GiB and more counts as a negative one, which
// fits everywhere.
bool message_fits(const struct nlmsghdr *message, size_t size)
{
	return size >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= size;
}

int messages_run(const void *bytes, size_t size, uint32_t sequence, uint32_t port, mnl_cb_t take,
	void *context)
{
	const uint8_t *first = bytes;
	size_t whole = 0;

	while (whole < size && message_fits((const void *)(first + whole), size - whole))
		whole += MNL_ALIGN(((const struct nlmsghdr *)(first + whole))->nlmsg_len);
	return mnl_cb_run(bytes, whole < size ? whole : size, sequence, port, take, context);
}
