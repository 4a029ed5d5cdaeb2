// SPDX-License-Identifier: BSD-3-Clause
#include <base/parse.h>
#include <control/announce_private.h>
#include <control/rows.h>

#include <errno.h>
#include <string.h>

// What is said of a VIP.

static void explain_lack(
	const struct control *control, const struct control_vip *vip, char *out, size_t size)
{
	uint32_t usable = 0;
	const struct config_service *service = control_vip_find_lack(control, vip, &usable);

	if (service != NULL)
		snprintf(out, size, "service '%s': quorum %u, %u usable", service->name,
			control_vip_quorum(vip, service), usable);
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

void control_vip_explain(
	const struct control *control, const struct control_vip *vip, char *out, size_t size)
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
	switch (vip->standing) {
	case STANDING_ANNOUNCED:
		announcer_view(control->announcer, &vip->address, &view);
		explain_kernel(&view, out, size);
		break;
	case STANDING_HOLDING:
		snprintf(out, size, "its quorum is back; announced in %s if it holds",
			format_duration_ms(control_vip_hold_left_ms(vip), left, sizeof(left)));
		break;
	case STANDING_STOPPED:
		snprintf(out, size, "the daemon is about to stop");
		break;
	default:
		explain_lack(control, vip, out, size);
		break;
	}
}

bool row_vip(const struct control *control, uint32_t row, struct message_row_vip *out)
{
	static const uint8_t states[] = {
		[STANDING_NEW] = MESSAGE_VIP_WITHHELD,
		[STANDING_ANNOUNCED] = MESSAGE_VIP_ANNOUNCED,
		[STANDING_WITHHELD] = MESSAGE_VIP_WITHHELD,
		[STANDING_HOLDING] = MESSAGE_VIP_HOLDING,
		[STANDING_STOPPED] = MESSAGE_VIP_WITHHELD,
	};
	const struct control_vip *vip;
	struct announcer_view view;

	if (row >= control->vip_count)
		return false;
	vip = &control->vips[row];
	out->vip = vip->address;
	out->mode = vip->mode;
	out->services = vip->service_count;
	if (vip->owner[0] != '\0')
		control_vip_explain(control, vip, out->reason, sizeof(out->reason));
	if (vip->mode == CONFIG_ANNOUNCE_NONE)
		return true;
	announcer_view(control->announcer, &vip->address, &view);
	out->state = states[vip->standing];
	// What the kernel has is what counts.
	if (vip->standing == STANDING_ANNOUNCED && !view.is_there)
		out->state = view.error != 0 ? MESSAGE_VIP_FAILED : MESSAGE_VIP_WITHHELD;
	out->hold_ms = vip->hold_ms;
	out->metric = vip->metric;
	out->since_s = vip->since_s;
	memcpy(out->interface, view.interface, sizeof(out->interface));
	control_vip_explain(control, vip, out->reason, sizeof(out->reason));
	return true;
}
