// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce_private.h>
#include <base/clock.h>
#include <base/log.h>
#include <events/events.h>
#include <metrics/step.h>

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

// --- Its ups and downs ---

static void announce_tell(const struct announce *announce, const struct announce_entry *vip,
	enum announce_state before)
{
	char address[ADDR_TEXT_SIZE], why[ANNOUNCE_REASON_SIZE];
	struct events_entry entry;
	bool was_announced = announce_state_is_announced(before);

	if (announce_state_is_announced(vip->state))
		return; // once the kernel has it
	addr_format(&vip->address, address, sizeof(address));
	announce_explain(announce, vip, why, sizeof(why));
	entry = events_about(EVENTS_ANNOUNCE, LOG_LEVEL_INFO,
		was_announced ? "announced" : "suppressed", "holding", "%s", address);
	if (vip->state == ANNOUNCE_STATE_HOLDING) {
		events_tell(announce->needs.events, &entry, "announce: VIP %s: %s", address, why);
	} else {
		strcpy(entry.after, "suppressed");
		entry.level = LOG_LEVEL_WARNING;
		events_tell(announce->needs.events, &entry, "announce: VIP %s %s withdrawn: %s",
			address, was_announced ? "is" : "stays", why);
	}
}

static const char *announce_told_name(const struct announce_entry *vip)
{
	return vip->told == ANNOUNCE_UNTOLD       ? "suppressed"
	       : vip->told == ANNOUNCE_TOLD_THERE ? "announced"
						  : "failed";
}

static void announce_follow_one(const struct announce *announce, struct announce_entry *vip)
{
	static const char *const ways[] = {
		[CONFIG_ANNOUNCE_NONE] = "not at all",
		[CONFIG_ANNOUNCE_ARP] = "ARP and NDP",
		[CONFIG_ANNOUNCE_ROUTE] = "route",
	};
	char address[ADDR_TEXT_SIZE], why[ANNOUNCE_REASON_SIZE];
	struct events_entry entry;
	struct announcer_view view;

	announcer_view(announce->announcer, &vip->address, &view);
	addr_format(&vip->address, address, sizeof(address));
	entry = events_about(EVENTS_ANNOUNCE, LOG_LEVEL_INFO, announce_told_name(vip), "announced",
		"%s", address);
	if (view.is_there && vip->told != ANNOUNCE_TOLD_THERE) {
		vip->told = ANNOUNCE_TOLD_THERE;
		vip->since_s = clock_wall_s();
		events_tell(announce->needs.events, &entry, "announce: VIP %s is announced by %s",
			address, ways[vip->mode]);
	} else if (!view.is_there && view.error != 0 &&
		   (vip->told != ANNOUNCE_TOLD_FAILED || vip->told_error != view.error)) {
		vip->told = ANNOUNCE_TOLD_FAILED;
		vip->told_error = view.error;
		vip->since_s = clock_wall_s();
		announce_explain(announce, vip, why, sizeof(why));
		strcpy(entry.after, "failed");
		entry.level = LOG_LEVEL_ERROR;
		events_tell(announce->needs.events, &entry, "announce: VIP %s is not announced: %s",
			address, why);
	}
}

void announce_follow(struct announce *announce)
{
	for (uint32_t i = 0; announce->announcer != NULL && i < announce->count; i++) {
		struct announce_entry *vip = &announce->entries[i];

		if (vip->mode != CONFIG_ANNOUNCE_NONE && announce_state_is_announced(vip->state))
			announce_follow_one(announce, vip);
		else
			vip->told = ANNOUNCE_UNTOLD;
	}
}

static struct announcer_means announce_means_of(const struct announce_entry *vip)
{
	return (struct announcer_means){
		vip->mode == CONFIG_ANNOUNCE_ROUTE ? ANNOUNCER_ROUTE : ANNOUNCER_ADDRESS,
		vip->metric};
}

void announce_apply(struct announce *announce, struct announce_entry *vip)
{
	if (!announce_state_is_announced(vip->state))
		announcer_drop(announce->announcer, &vip->address);
	else if (announcer_want(announce->announcer, &vip->address, announce_means_of(vip)) != 0)
		log_error("announce: out of memory: a VIP cannot be announced");
}

// How soon ANNOUNCE_EVENT_HELD comes.
static void announce_await_hold(struct announce *announce)
{
	struct timeval delay;
	uint32_t least_ms = UINT32_MAX;

	for (uint32_t i = 0; i < announce->count; i++) {
		const struct announce_entry *vip = &announce->entries[i];

		if (vip->state == ANNOUNCE_STATE_HOLDING && announce_hold_left_ms(vip) < least_ms)
			least_ms = announce_hold_left_ms(vip);
	}
	event_del(announce->hold_timer);
	if (least_ms == UINT32_MAX)
		return;
	delay = (struct timeval){least_ms / 1000, least_ms % 1000 * 1000};
	event_add(announce->hold_timer, &delay);
}

static void announce_step(
	struct announce *announce, struct announce_entry *vip, enum announce_event event)
{
	enum announce_state before = vip->state;

	vip->state = announce_state_next(before, event);
	if (vip->state == before)
		return;
	if (vip->state == ANNOUNCE_STATE_HOLDING)
		vip->held_at_ns = clock_monotonic_ns() + vip->hold_ms * CLOCK_NS_PER_MS;
	if (announce_state_is_announced(before) != announce_state_is_announced(vip->state))
		vip->since_s = clock_wall_s();
	announce_apply(announce, vip);
	if (before != ANNOUNCE_STATE_NEW || vip->state != ANNOUNCE_STATE_STOPPED)
		announce_tell(announce, vip, before);
}

static void announce_look(struct announce *announce, struct announce_entry *vip)
{
	uint32_t usable;
	bool has_quorum;

	if (vip->mode == CONFIG_ANNOUNCE_NONE)
		return;
	has_quorum = announce_find_lack(announce, vip, &usable) == NULL;
	announce_step(announce, vip, has_quorum ? ANNOUNCE_EVENT_QUORUM : ANNOUNCE_EVENT_NO_QUORUM);
	if (vip->state == ANNOUNCE_STATE_HOLDING && announce_hold_left_ms(vip) == 0)
		announce_step(announce, vip, ANNOUNCE_EVENT_HELD);
}

void announce_update(struct announce *announce)
{
	if (announce->announcer == NULL) // the daemon has not begun
		return;
	for (uint32_t i = 0; i < announce->count; i++)
		announce_look(announce, &announce->entries[i]);
	announce_await_hold(announce);
}

static void announce_on_held(int fd, short what, void *context)
{
	STEP_TIMED(ANNOUNCE);
	announce_update(context);
}

uint32_t announce_withdraw(struct announce *announce)
{
	uint32_t withdrawn = 0;

	for (uint32_t i = 0; i < announce->count; i++) {
		struct announce_entry *vip = &announce->entries[i];

		withdrawn += announce_state_is_announced(vip->state);
		if (vip->mode != CONFIG_ANNOUNCE_NONE)
			announce_step(announce, vip, ANNOUNCE_EVENT_STOP);
	}
	announcer_settle(announce->announcer);
	return withdrawn;
}

// --- Beginning and end ---

struct announce *announce_new(const struct announce_needs *needs)
{
	struct announce *announce = calloc(1, sizeof(*announce));

	if (announce == NULL)
		return NULL;
	announce->needs = *needs;
	announce->hold_timer = evtimer_new(needs->base, announce_on_held, announce);
	announce->entries = calloc(needs->vips_max, sizeof(*announce->entries));
	announce->entries_before = calloc(needs->vips_max, sizeof(*announce->entries));
	if (announce->hold_timer == NULL || announce->entries == NULL ||
		announce->entries_before == NULL) {
		announce_free(announce);
		return NULL;
	}
	return announce;
}

int announce_begin(
	struct announce *announce, const char (*interfaces)[16], uint32_t count, struct error *err)
{
	int rc = announcer_new(announce->needs.base, announce->needs.kernel, interfaces, count,
		&announce->announcer, err);

	if (rc == 0)
		announce_update(announce);
	return rc;
}

void announce_free(struct announce *announce)
{
	if (announce == NULL)
		return;
	announcer_free(announce->announcer);
	if (announce->hold_timer != NULL)
		event_free(announce->hold_timer);
	free(announce->entries);
	free(announce->entries_before);
	free(announce);
}
