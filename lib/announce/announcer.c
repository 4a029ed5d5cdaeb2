// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announcer_private.h>
#include <base/log.h>

#include <errno.h>
#include <event2/event.h>
#include <linux/ipv6_route.h>
#include <metrics/step.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_PER_STEP \
	64 // each takes some microseconds; then the loop's other events have their turn

static struct desired_vip *announcer_find_desired(
	const struct announcer *announcer, const struct addr *vip)
{
	struct map_node *node =
		map_find(&announcer->desired, map_hash(vip->bytes, sizeof(vip->bytes)));

	while (node != NULL && !addr_equal(&MAP_ENTRY(node, struct desired_vip, node)->vip, vip))
		node = map_find_next(node);
	return MAP_ENTRY(node, struct desired_vip, node);
}

static void announcer_work_soon(struct announcer *announcer)
{
	static const struct timeval now = {0};

	if (!evtimer_pending(announcer->work, NULL))
		evtimer_add(announcer->work, &now);
}

static void announcer_on_work(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(ANNOUNCE);
	struct announcer *announcer = context;

	announcer->budget = REQUESTS_PER_STEP;
	announcer_reconcile(announcer);
	if (announcer->budget == 0)
		announcer_work_soon(announcer);
}

static void announcer_on_tick(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(ANNOUNCE);
	announcer_send_frames(context);
	announcer_work_soon(context);
}

// --- The caller's side ---

// What the kernel gives a route without one: it is known by that when it is read back.
static struct announcer_means announcer_with_metric(
	const struct addr *vip, struct announcer_means means)
{
	if (means.way == ANNOUNCER_ADDRESS)
		means.metric = 0;
	else if (means.metric == 0 && vip->family == ADDR_IPV6)
		means.metric = IP6_RT_PRIO_USER;
	return means;
}

int announcer_want(
	struct announcer *announcer, const struct addr *vip, struct announcer_means means)
{
	struct desired_vip *desired = announcer_find_desired(announcer, vip);

	means = announcer_with_metric(vip, means);
	if (desired != NULL && announcer_means_equal(desired->means, means))
		return 0;
	if (desired == NULL) {
		desired = calloc(1, sizeof(*desired));
		if (desired == NULL)
			return -ENOMEM;
		desired->vip = *vip;
		map_insert(&announcer->desired, &desired->node,
			map_hash(vip->bytes, sizeof(vip->bytes)));
	}
	desired->means = means;
	desired->error = 0;
	announcer_work_soon(announcer);
	return 0;
}

static void announcer_remove_desired(struct announcer *announcer, struct desired_vip *desired)
{
	map_remove(&announcer->desired, &desired->node);
	free(desired);
}

void announcer_drop(struct announcer *announcer, const struct addr *vip)
{
	struct desired_vip *desired = announcer_find_desired(announcer, vip);

	if (desired == NULL)
		return;
	announcer_remove_desired(announcer, desired);
	announcer_work_soon(announcer);
}

void announcer_settle(struct announcer *announcer)
{
	announcer->budget = UINT32_MAX;
	announcer_reconcile(announcer);
}

// Nobody hears of a VIP on an interface that is down.
static bool announcer_is_on_a_link(
	const struct announcer *announcer, const struct installed_vip *installed)
{
	const struct kernel_link *link = kernel_find_link(announcer->kernel, installed->ifindex);

	return link != NULL && link->up;
}

void announcer_view(
	const struct announcer *announcer, const struct addr *vip, struct announcer_view *out)
{
	const struct desired_vip *desired = announcer_find_desired(announcer, vip);
	const struct installed_vip *installed =
		desired == NULL ? NULL : installed_find_best(announcer, vip, desired->means);

	bool is_up = installed != NULL && announcer_is_on_a_link(announcer, installed);

	*out = (struct announcer_view){.is_wanted = desired != NULL, .is_there = is_up};
	if (desired != NULL)
		out->error = installed != NULL && !is_up ? ENETDOWN : desired->error;
	if (installed != NULL)
		snprintf(out->interface, sizeof(out->interface), "%s",
			kernel_interface_name(announcer->kernel, installed->ifindex));
}

// --- The kernel's side ---

void announcer_doubt(struct announcer *announcer)
{
	announcer->is_doubtful = true;
	announcer_work_soon(announcer);
}

// Somebody else's doing: what we take away ourselves is forgotten before the kernel tells of it.
static void announcer_tell_of_loss(const struct announcer *announcer, const struct addr *vip)
{
	char text[ADDR_TEXT_SIZE];

	if (announcer_find_desired(announcer, vip) != NULL)
		log_warning("kernel: VIP %s was taken away by somebody: putting it back",
			addr_format(vip, text, sizeof(text)));
}

static bool announcer_take(void *context, const struct nlmsghdr *message, bool is_news)
{
	struct announcer *announcer = context;
	struct addr lost = {0};

	if (message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK) {
		if (is_news)
			announcer_doubt(announcer);
		return false;
	}
	switch (installed_take(announcer, message, &lost)) {
	case TAKEN_OWN:
		if (lost.family != ADDR_NONE)
			announcer_tell_of_loss(announcer, &lost);
		announcer_work_soon(announcer);
		return true;
	case TAKEN_FOREIGN_ADDRESS:
		// The last address of an interface takes the interface's routes along, of which
		// nothing is said.
		announcer_doubt(announcer);
		return false;
	case TAKEN_FOREIGN:
		break;
	}
	return false;
}

static void announcer_lose(void *context)
{
	announcer_doubt(context);
}

void announcer_listen(struct announcer *announcer)
{
	announcer->listener = (struct kernel_listener){announcer_take, announcer_lose, announcer};
	kernel_listen(announcer->kernel, &announcer->listener);
}

// --- Beginning and end ---

static int announcer_open_frames(struct announcer *announcer, struct error *err)
{
	announcer->frames = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (announcer->frames < 0)
		return error_set(err, errno, "cannot open a packet socket to announce VIPs by: %s",
			strerror(errno));
	return 0;
}

static int announcer_begin(struct announcer *announcer, struct event_base *base, struct error *err)
{
	announcer->work = evtimer_new(base, announcer_on_work, announcer);
	announcer->tick = evtimer_new(base, announcer_on_tick, announcer);
	if (announcer->work == NULL || announcer->tick == NULL ||
		map_init(&announcer->desired, 0) != 0 || map_init(&announcer->installed, 0) != 0)
		return error_set(err, ENOMEM, "no memory to announce VIPs");
	announcer_listen(announcer);
	announcer_doubt(announcer);
	return announcer_open_frames(announcer, err);
}

int announcer_new(struct event_base *base, struct kernel *kernel, const char (*interfaces)[16],
	uint32_t count, struct announcer **out, struct error *err)
{
	struct announcer *announcer = calloc(1, sizeof(*announcer));
	int rc;

	if (announcer == NULL)
		return error_set(err, ENOMEM, "no memory to announce VIPs");
	announcer->kernel = kernel;
	announcer->frames = -1;
	for (uint32_t i = 0; i < count && i < ANNOUNCER_INTERFACES_MAX; i++)
		memcpy(announcer->interfaces[announcer->interface_count++].first_name,
			interfaces[i], sizeof(interfaces[i]));
	rc = announcer_begin(announcer, base, err);
	if (rc != 0) {
		announcer_free(announcer);
		return rc;
	}
	*out = announcer;
	return 0;
}

static void announcer_withdraw(struct announcer *announcer)
{
	struct map *map = &announcer->desired;
	struct map_node *next;

	for (struct map_node *node = map_first(map); node != NULL; node = next) {
		next = map_next(map, node);
		announcer_remove_desired(announcer, MAP_ENTRY(node, struct desired_vip, node));
	}
	announcer_settle(announcer);
}

void announcer_free(struct announcer *announcer)
{
	if (announcer == NULL)
		return;
	if (announcer->frames >= 0) // it was begun
		announcer_withdraw(announcer);
	kernel_listen(announcer->kernel, NULL);
	if (announcer->work != NULL)
		event_free(announcer->work);
	if (announcer->tick != NULL)
		event_free(announcer->tick);
	if (announcer->frames >= 0)
		close(announcer->frames);
	installed_clear(announcer);
	map_free(&announcer->desired);
	map_free(&announcer->installed);
	free(announcer->networks);
	free(announcer);
}
