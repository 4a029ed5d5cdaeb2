// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce_private.h>
#include <events/events.h>
#include <running/configuration.h>

#include <string.h>

// The VIPs of the configuration in force.

static void vips_describe(
	const struct announce *announce, struct announce_entry *vip, uint32_t at, uint64_t since_s)
{
	const struct configuration *configuration = announce->configuration;

	*vip = (struct announce_entry){.first_service = at, .since_s = since_s};
	vip->address = configuration->config->services[configuration->services_by_vip[at]].vip;
	for (; at < configuration->config->service_count; at++) {
		const struct config_service *service =
			&configuration->config->services[configuration->services_by_vip[at]];

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
static void vips_carry_over(struct announce_entry *vip, const struct announce_entry *before)
{
	memcpy(vip->owner, before->owner, sizeof(vip->owner));
	if (vip->mode != before->mode && vip->mode == CONFIG_ANNOUNCE_NONE)
		return;
	if (before->mode == CONFIG_ANNOUNCE_NONE)
		return;
	vip->state = before->state;
	vip->held_at_ns = before->held_at_ns;
	vip->since_s = before->since_s;
	if (vip->mode == before->mode) {
		vip->told = before->told;
		vip->told_error = before->told_error;
	}
}

static void vips_leave(struct announce *announce, const struct announce_entry *vip)
{
	struct events_entry entry;
	char address[ADDR_TEXT_SIZE];

	if (announce->announcer == NULL || !announce_state_is_announced(vip->state))
		return;
	announcer_drop(announce->announcer, &vip->address);
	addr_format(&vip->address, address, sizeof(address));
	entry = events_about(
		EVENTS_ANNOUNCE, LOG_LEVEL_INFO, "announced", "suppressed", "%s", address);
	events_tell(announce->needs.events, &entry,
		"announce: VIP %s is withdrawn: the configuration no longer announces it", address);
}

// Both lists are in the order of the addresses.
static void vips_compare(
	struct announce *announce, const struct announce_entry *before, uint32_t count)
{
	uint32_t old = 0;

	for (uint32_t i = 0; i < announce->count; i++) {
		struct announce_entry *vip = &announce->entries[i];

		while (old < count && addr_compare(&before[old].address, &vip->address) < 0)
			vips_leave(announce, &before[old++]);
		if (old == count || !addr_equal(&before[old].address, &vip->address))
			continue;
		vips_carry_over(vip, &before[old]);
		if (vip->state == ANNOUNCE_STATE_NEW)
			vips_leave(announce, &before[old]);
		else if ((vip->mode != before[old].mode || vip->metric != before[old].metric) &&
			 announce->announcer != NULL)
			announce_apply(announce, vip);
		old++;
	}
	while (old < count)
		vips_leave(announce, &before[old++]);
}

void announce_set_configuration(
	struct announce *announce, const struct configuration *configuration, uint64_t since_s)
{
	struct announce_entry *before = announce->entries;
	uint32_t count = announce->count, services = configuration->config->service_count;

	announce->configuration = configuration;
	announce->entries = announce->entries_before;
	announce->entries_before = before;
	announce->count = 0;
	for (uint32_t at = 0; at < services;
		at += announce->entries[announce->count++].service_count)
		vips_describe(announce, &announce->entries[announce->count], at, since_s);
	vips_compare(announce, before, count);
}
