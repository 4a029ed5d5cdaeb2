// SPDX-License-Identifier: BSD-3-Clause
#include "links.h"

#include <base/log.h>

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "host.h"

static const char *side_name(enum link_side side)
{
	return side == LINK_IN ? "ingress" : "egress";
}

// libbpf wants its padding to be zero, too.
static void set_hook(struct bpf_tc_hook *hook, const struct fb_link *link, int sides)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = link->index;
	hook->attach_point = sides;
}

static int side_flag(enum link_side side)
{
	return side == LINK_IN ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

uint32_t link_query(const struct fb_link *link, enum link_side side)
{
	LIBBPF_OPTS(bpf_tc_opts, place, .handle = LINKS_HANDLE, .priority = LINKS_PRIORITY);
	struct bpf_tc_hook hook;

	set_hook(&hook, link, side_flag(side));
	return bpf_tc_query(&hook, &place) == 0 ? place.prog_id : 0;
}

int link_attach(struct fb_link *link, enum link_side side, const struct link_program *program,
	struct error *err)
{
	LIBBPF_OPTS(bpf_tc_opts, place, .handle = LINKS_HANDLE, .priority = LINKS_PRIORITY,
		.prog_fd = program->fd, .flags = BPF_TC_F_REPLACE);
	struct bpf_tc_hook hook;
	int result;

	set_hook(&hook, link, BPF_TC_INGRESS | BPF_TC_EGRESS);
	result = bpf_tc_hook_create(&hook);
	if (result == 0)
		link->clsact_created = 1;
	else if (result != -EEXIST)
		return error_set(err, -result, "%s: no clsact can be made: %s", link->name,
			strerror(-result));
	set_hook(&hook, link, side_flag(side));
	result = bpf_tc_attach(&hook, &place);
	if (result < 0)
		return error_set(err, -result,
			"%s: no filter can be put on its %s: %s (an old 'ingress' qdisc there has no egress)",
			link->name, side_name(side), strerror(-result));
	return 0;
}

int link_detach(const struct fb_link *link, enum link_side side, uint32_t id, struct error *err)
{
	LIBBPF_OPTS(bpf_tc_opts, place, .handle = LINKS_HANDLE, .priority = LINKS_PRIORITY);
	struct bpf_tc_hook hook;
	uint32_t there = link_query(link, side);
	int result;

	if (there == 0 || (id != 0 && there != id))
		return 0;
	set_hook(&hook, link, side_flag(side));
	result = bpf_tc_detach(&hook, &place);
	if (result < 0 && result != -ENOENT)
		return error_set(err, -result, "%s: the filter on its %s stays: %s", link->name,
			side_name(side), strerror(-result));
	return 0;
}

void link_remove_clsact(struct fb_link *link)
{
	struct bpf_tc_hook hook;
	int filters;

	if (!link->clsact_created)
		return;
	set_hook(&hook, link, BPF_TC_INGRESS | BPF_TC_EGRESS);
	filters = host_count_filters(link->index, NULL);
	if (filters > 0)
		log_info("%s: the clsact stays, others have filters on it", link->name);
	else if (filters == 0)
		bpf_tc_hook_destroy(&hook);
	link->clsact_created = 0;
}
