// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/announce_private.h>
#include <control/control_private.h>

#include <event2/event.h>
#include <metrics/step.h>
#include <string.h>

// Which VIPs are announced. Looked at with every snapshot that is published, so that the workers serve a VIP before
// the network sends anything for it.

static const struct config_service *service_of(
	const struct control *control, const struct control_vip *vip, uint32_t i)
{
	const struct configuration *running = control->running.now;

	return &running->config->services[running->services_by_vip[vip->first_service + i]];
}

static uint32_t count_usable(
	const struct control *control, const struct config_service *service, uint32_t enough)
{
	const struct config *config = control->running.now->config;
	const struct config_pool *pool = &config->pools[service->pool_index];
	uint32_t place = (uint32_t)(service - config->services), usable = 0;

	// Without memory for new tables a VIP that nobody serves is withdrawn nevertheless.
	if (!control->has_old_tables)
		return stats_service_account(&control->stats, place)->usable;
	for (uint32_t i = 0; i < pool->backend_count && usable < enough; i++)
		usable += stats_is_usable_for(&control->stats, pool->first_backend + i, place);
	return usable;
}

uint16_t control_vip_quorum(const struct control_vip *vip, const struct config_service *service)
{
	return config_quorum(&service->announce, standing_is_announced(vip->standing));
}

// The first of its services that has too few backends. NULL: it has its quorum.
const struct config_service *control_vip_find_lack(
	const struct control *control, const struct control_vip *vip, uint32_t *usable)
{
	for (uint32_t i = 0; i < vip->service_count; i++) {
		const struct config_service *service = service_of(control, vip, i);

		uint16_t quorum = control_vip_quorum(vip, service);

		*usable = count_usable(control, service, quorum);
		if (*usable < quorum)
			return service;
	}
	return NULL;
}

uint32_t control_vip_hold_left_ms(const struct control_vip *vip)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= vip->held_at_ns
		       ? 0
		       : (uint32_t)((vip->held_at_ns - now_ns) / CLOCK_NS_PER_MS) + 1;
}

// --- Its ups and downs ---

static void tell(const struct control *control, const struct control_vip *vip, enum standing before)
{
	char address[ADDR_TEXT_SIZE], why[sizeof(((struct message_row_vip *)0)->reason)];
	struct events_entry entry;
	bool was_announced = standing_is_announced(before);

	if (standing_is_announced(vip->standing))
		return; // once the kernel has it
	addr_format(&vip->address, address, sizeof(address));
	control_vip_explain(control, vip, why, sizeof(why));
	entry = events_about(EVENTS_ANNOUNCE, LOG_LEVEL_INFO,
		was_announced ? "announced" : "withheld", "holding", "%s", address);
	if (vip->standing == STANDING_HOLDING) {
		events_tell(control->events, &entry, "announce: VIP %s: %s", address, why);
	} else {
		strcpy(entry.after, "withheld");
		entry.level = LOG_LEVEL_WARNING;
		events_tell(control->events, &entry, "announce: VIP %s %s withdrawn: %s", address,
			was_announced ? "is" : "stays", why);
	}
}

static const char *told_name(const struct control_vip *vip)
{
	return vip->told == VIP_UNTOLD       ? "withheld"
	       : vip->told == VIP_TOLD_THERE ? "announced"
					     : "failed";
}

static void follow(const struct control *control, struct control_vip *vip)
{
	static const char *const ways[] = {
		[CONFIG_ANNOUNCE_NONE] = "not at all",
		[CONFIG_ANNOUNCE_ARP] = "ARP and NDP",
		[CONFIG_ANNOUNCE_ROUTE] = "route",
	};
	char address[ADDR_TEXT_SIZE], why[sizeof(((struct message_row_vip *)0)->reason)];
	struct events_entry entry;
	struct announcer_view view;

	announcer_view(control->announcer, &vip->address, &view);
	addr_format(&vip->address, address, sizeof(address));
	entry = events_about(
		EVENTS_ANNOUNCE, LOG_LEVEL_INFO, told_name(vip), "announced", "%s", address);
	if (view.is_there && vip->told != VIP_TOLD_THERE) {
		vip->told = VIP_TOLD_THERE;
		vip->since_s = clock_wall_s();
		events_tell(control->events, &entry, "announce: VIP %s is announced by %s", address,
			ways[vip->mode]);
	} else if (!view.is_there && view.error != 0 &&
		   (vip->told != VIP_TOLD_FAILED || vip->told_error != view.error)) {
		vip->told = VIP_TOLD_FAILED;
		vip->told_error = view.error;
		vip->since_s = clock_wall_s();
		control_vip_explain(control, vip, why, sizeof(why));
		strcpy(entry.after, "failed");
		entry.level = LOG_LEVEL_ERROR;
		events_tell(control->events, &entry, "announce: VIP %s is not announced: %s",
			address, why);
	}
}

void control_announce_follow(struct control *control)
{
	for (uint32_t i = 0; control->announcer != NULL && i < control->vip_count; i++) {
		struct control_vip *vip = &control->vips[i];

		if (vip->mode != CONFIG_ANNOUNCE_NONE && standing_is_announced(vip->standing))
			follow(control, vip);
		else
			vip->told = VIP_UNTOLD;
	}
}

static struct announcer_means means_of(const struct control_vip *vip)
{
	return (struct announcer_means){
		vip->mode == CONFIG_ANNOUNCE_ROUTE ? ANNOUNCER_ROUTE : ANNOUNCER_ADDRESS,
		vip->metric};
}

static void act(struct control *control, struct control_vip *vip)
{
	if (!standing_is_announced(vip->standing))
		announcer_drop(control->announcer, &vip->address);
	else if (announcer_want(control->announcer, &vip->address, means_of(vip)) != 0)
		log_error("announce: out of memory: a VIP cannot be announced");
}

// How soon STANDING_HELD comes.
static void await_hold(struct control *control)
{
	struct timeval delay;
	uint32_t least_ms = UINT32_MAX;

	for (uint32_t i = 0; i < control->vip_count; i++) {
		const struct control_vip *vip = &control->vips[i];

		if (vip->standing == STANDING_HOLDING && control_vip_hold_left_ms(vip) < least_ms)
			least_ms = control_vip_hold_left_ms(vip);
	}
	event_del(control->hold_timer);
	if (least_ms == UINT32_MAX)
		return;
	delay = (struct timeval){least_ms / 1000, least_ms % 1000 * 1000};
	event_add(control->hold_timer, &delay);
}

static void step(struct control *control, struct control_vip *vip, enum standing_event event)
{
	enum standing before = vip->standing;

	vip->standing = standing_next(before, event);
	if (vip->standing == before)
		return;
	if (vip->standing == STANDING_HOLDING)
		vip->held_at_ns = clock_monotonic_ns() + vip->hold_ms * CLOCK_NS_PER_MS;
	if (standing_is_announced(before) != standing_is_announced(vip->standing))
		vip->since_s = clock_wall_s();
	act(control, vip);
	if (before != STANDING_NEW || vip->standing != STANDING_STOPPED)
		tell(control, vip, before);
}

static void look(struct control *control, struct control_vip *vip)
{
	uint32_t usable;
	bool has_quorum;

	if (vip->mode == CONFIG_ANNOUNCE_NONE)
		return;
	has_quorum = control_vip_find_lack(control, vip, &usable) == NULL;
	step(control, vip, has_quorum ? STANDING_QUORUM : STANDING_NO_QUORUM);
	if (vip->standing == STANDING_HOLDING && control_vip_hold_left_ms(vip) == 0)
		step(control, vip, STANDING_HELD);
}

void control_announce(struct control *control)
{
	if (control->announcer == NULL) // the daemon has not begun
		return;
	for (uint32_t i = 0; i < control->vip_count; i++)
		look(control, &control->vips[i]);
	await_hold(control);
}

void control_announce_due(int fd, short what, void *context)
{
	STEP_TIMED(ANNOUNCE);
	control_announce(context);
}

uint32_t control_withdraw(struct control *control)
{
	uint32_t withdrawn = 0;

	for (uint32_t i = 0; i < control->vip_count; i++) {
		struct control_vip *vip = &control->vips[i];

		withdrawn += standing_is_announced(vip->standing);
		if (vip->mode != CONFIG_ANNOUNCE_NONE)
			step(control, vip, STANDING_STOP);
	}
	announcer_settle(control->announcer);
	return withdrawn;
}

// --- The VIPs of the running configuration ---

static void describe(const struct control *control, struct control_vip *vip, uint32_t at)
{
	const struct configuration *running = control->running.now;

	*vip = (struct control_vip){
		.first_service = at, .since_s = control->running.applied.wall_s};
	vip->address = running->config->services[running->services_by_vip[at]].vip;
	for (; at < running->config->service_count; at++) {
		const struct config_service *service =
			&running->config->services[running->services_by_vip[at]];

		if (!addr_equal(&service->vip, &vip->address))
			break;
		vip->service_count++;
		vip->mode = service->announce.mode;
		vip->metric = service->announce.metric;
		if (service->announce.hold_ms > vip->hold_ms)
			vip->hold_ms = service->announce.hold_ms;
	}
}

// What is known of it goes on, unless it is announced in another way from now on.
static void inherit(struct control_vip *vip, const struct control_vip *before)
{
	memcpy(vip->owner, before->owner, sizeof(vip->owner));
	if (vip->mode != before->mode && vip->mode == CONFIG_ANNOUNCE_NONE)
		return;
	if (before->mode == CONFIG_ANNOUNCE_NONE)
		return;
	vip->standing = before->standing;
	vip->held_at_ns = before->held_at_ns;
	vip->since_s = before->since_s;
	if (vip->mode == before->mode) {
		vip->told = before->told;
		vip->told_error = before->told_error;
	}
}

static void leave(struct control *control, const struct control_vip *vip)
{
	struct events_entry entry;
	char address[ADDR_TEXT_SIZE];

	if (control->announcer == NULL || !standing_is_announced(vip->standing))
		return;
	announcer_drop(control->announcer, &vip->address);
	addr_format(&vip->address, address, sizeof(address));
	entry = events_about(
		EVENTS_ANNOUNCE, LOG_LEVEL_INFO, "announced", "withheld", "%s", address);
	events_tell(control->events, &entry,
		"announce: VIP %s is withdrawn: the configuration no longer announces it", address);
}

// Both lists are in the order of the addresses.
static void compare(struct control *control, const struct control_vip *before, uint32_t count)
{
	uint32_t old = 0;

	for (uint32_t i = 0; i < control->vip_count; i++) {
		struct control_vip *vip = &control->vips[i];

		while (old < count && addr_compare(&before[old].address, &vip->address) < 0)
			leave(control, &before[old++]);
		if (old == count || !addr_equal(&before[old].address, &vip->address))
			continue;
		inherit(vip, &before[old]);
		if (vip->standing == STANDING_NEW)
			leave(control, &before[old]);
		else if ((vip->mode != before[old].mode || vip->metric != before[old].metric) &&
			 control->announcer != NULL)
			act(control, vip);
		old++;
	}
	while (old < count)
		leave(control, &before[old++]);
}

void control_announce_take(struct control *control)
{
	struct control_vip *before = control->vips;
	uint32_t count = control->vip_count, services = control->running.now->config->service_count;

	control->vips = control->vips_before;
	control->vips_before = before;
	control->vip_count = 0;
	for (uint32_t at = 0; at < services;
		at += control->vips[control->vip_count++].service_count)
		describe(control, &control->vips[control->vip_count], at);
	compare(control, before, count);
}
