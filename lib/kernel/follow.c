// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/follow.h>
#include <kernel/kernel_private.h>

#include <string.h>

static void take_name(struct kernel_follow *follow, const struct kernel_link *link)
{
	memcpy(follow->name, link->name, sizeof(follow->name));
}

enum kernel_followed kernel_follow(const struct kernel *kernel, struct kernel_follow *follow)
{
	bool was_there = follow->ifindex != 0;
	const struct kernel_link *link =
		was_there ? table_link(&kernel->table, follow->ifindex) : NULL;

	if (link != NULL && strcmp(link->name, follow->name) != 0) {
		take_name(follow, link);
		return KERNEL_FOLLOW_RENAMED;
	}
	if (link != NULL)
		return KERNEL_FOLLOW_SAME;
	if (follow->first_name[0] != '\0')
		link = table_link_named(&kernel->table, follow->first_name);
	follow->ifindex = link != NULL ? link->ifindex : 0;
	if (link == NULL)
		return was_there ? KERNEL_FOLLOW_GONE : KERNEL_FOLLOW_SAME;
	take_name(follow, link);
	return KERNEL_FOLLOW_FOUND;
}
