// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <control/rows.h>

#include <string.h>

bool row_vip(const struct control *control, uint32_t row, struct message_row_vip *out)
{
	static const uint8_t states[] = {
		[ANNOUNCE_UNMANAGED] = MESSAGE_VIP_UNMANAGED,
		[ANNOUNCE_ANNOUNCED] = MESSAGE_VIP_ANNOUNCED,
		[ANNOUNCE_SUPPRESSED] = MESSAGE_VIP_SUPPRESSED,
		[ANNOUNCE_HOLDING] = MESSAGE_VIP_HOLDING,
		[ANNOUNCE_FAILED] = MESSAGE_VIP_FAILED,
	};
	struct announce_vip vip;

	if (row >= announce_count(control->announce))
		return false;
	announce_view(control->announce, row, &vip);
	out->vip = vip.address;
	out->mode = vip.mode;
	out->services = vip.services;
	out->state = states[vip.status];
	out->hold_ms = vip.hold_ms;
	out->metric = vip.metric;
	out->since_s = vip.since_s;
	memcpy(out->interface, vip.interface, sizeof(out->interface));
	memcpy(out->reason, vip.reason, sizeof(out->reason));
	return true;
}
