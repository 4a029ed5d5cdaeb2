// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce_private.h>
#include <base/clock.h>
#include <base/parse.h>
#include <running/configuration.h>

#include <errno.h>
#include <malloc.h>
#include <string.h>

// Whether a VIP has its quorum, and what is said of it.

// What it must have of usable backends: fewer keep a VIP than bring one, where the configuration
// says so.
static uint16_t announce_quorum(
	const struct announce_entry *vip, const struct config_service *service)
{
	return config_quorum(&service->announce, announce_state_is_announced(vip->state));
}

const struct config_service *announce_find_lack(
	const struct announce *announce, const struct announce_entry *vip, uint32_t *usable)
{
	const struct configuration *configuration = announce->configuration;

	for (uint32_t i = 0; i < vip->service_count; i++) {
		uint32_t at = configuration->services_by_vip[vip->first_service + i];
		const struct config_service *service = &configuration->config->services[at];
		uint16_t quorum = announce_quorum(vip, service);

		*usable = announce->needs.count_usable(announce->needs.context, at, quorum);
		if (*usable < quorum)
			return service;
	}
	return NULL;
}

uint32_t announce_hold_left_ms(const struct announce_entry *vip)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= vip->held_at_ns
		       ? 0
		       : (uint32_t)((vip->held_at_ns - now_ns) / CLOCK_NS_PER_MS) + 1;
}

static void explain_lack(
	const struct announce *announce, const struct announce_entry *vip, char *out, size_t size)
{
	uint32_t usable = 0;
	const struct config_service *service = announce_find_lack(announce, vip, &usable);

	if (service != NULL)
		snprintf(out, size, "service '%s': quorum %u, %u usable", service->name,
			announce_quorum(vip, service), usable);
}

static void explain_kernel(const struct announcer_view *view, char *out, size_t size)
{
	if (view->is_there)
		return;
	if (view->error == ENETDOWN)
		snprintf(out, size, "no kernel-side interface is up to announce it by");
	else if (view->error == EEXIST)
		snprintf(out, size, "somebody else has put it into the kernel: remove it there");
	else if (view->error == EACCES)
		snprintf(out, size,
			"the kernel does not take it: IPv6 is disabled on the interface");
	else if (view->error != 0)
		snprintf(out, size, "the kernel does not take it: %s", strerror(view->error));
	else
		snprintf(out, size, "the kernel does not have it yet");
}

void announce_explain(
	const struct announce *announce, const struct announce_entry *vip, char *out, size_t size)
{
	struct announcer_view view;
	char left[32];

	out[0] = '\0';
	if (vip->owner[0] != '\0') {
		snprintf(out, size,
			"it is this machine's own address on %s: remove it there, or take another VIP",
			vip->owner);
		return;
	}
	switch (vip->state) {
	case ANNOUNCE_STATE_ANNOUNCED:
		announcer_view(announce->announcer, &vip->address, &view);
		explain_kernel(&view, out, size);
		break;
	case ANNOUNCE_STATE_HOLDING:
		snprintf(out, size, "its quorum is back; announced in %s if it holds",
			format_duration_ms(announce_hold_left_ms(vip), left, sizeof(left)));
		break;
	case ANNOUNCE_STATE_STOPPED:
		snprintf(out, size, "the daemon is about to stop");
		break;
	default:
		explain_lack(announce, vip, out, size);
		break;
	}
}

// --- For others ---

uint32_t announce_count(const struct announce *announce)
{
	return announce->count;
}

const struct addr *announce_address(const struct announce *announce, uint32_t at)
{
	return &announce->entries[at].address;
}

// What the kernel has is what counts.
static enum announce_status explain_status(
	const struct announce_entry *vip, const struct announcer_view *view)
{
	if (vip->state == ANNOUNCE_STATE_HOLDING)
		return ANNOUNCE_HOLDING;
	if (vip->state != ANNOUNCE_STATE_ANNOUNCED)
		return ANNOUNCE_SUPPRESSED;
	if (view->is_there)
		return ANNOUNCE_ANNOUNCED;
	return view->error != 0 ? ANNOUNCE_FAILED : ANNOUNCE_SUPPRESSED;
}

void announce_view(const struct announce *announce, uint32_t at, struct announce_vip *out)
{
	const struct announce_entry *vip = &announce->entries[at];
	struct announcer_view view;

	*out = (struct announce_vip){
		.address = vip->address, .services = vip->service_count, .mode = vip->mode};
	memcpy(out->owner, vip->owner, sizeof(out->owner));
	if (vip->owner[0] != '\0')
		announce_explain(announce, vip, out->reason, sizeof(out->reason));
	if (vip->mode == CONFIG_ANNOUNCE_NONE)
		return;
	announcer_view(announce->announcer, &vip->address, &view);
	out->status = explain_status(vip, &view);
	out->metric = vip->metric;
	out->hold_ms = vip->hold_ms;
	out->since_s = vip->since_s;
	memcpy(out->interface, view.interface, sizeof(out->interface));
	announce_explain(announce, vip, out->reason, sizeof(out->reason));
}

size_t announce_footprint(const struct announce *announce)
{
	return malloc_usable_size(announce->entries) + malloc_usable_size(announce->entries_before);
}
