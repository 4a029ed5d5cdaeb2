// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <exporter/expose_private.h>

// --- VIPs: 'row' is where the VIP stands ---

static struct announce_vip expose_vip_of(const struct scrape *scrape, uint32_t row)
{
	struct announce_vip vip;

	announce_view(scrape->from->announce, row, &vip);
	return vip;
}

void expose_vip_announced(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct announce_vip vip = expose_vip_of(scrape, row);

	if (vip.mode == CONFIG_ANNOUNCE_NONE)
		return;
	sample_begin(scrape, row, "");
	exposition_label(&scrape->text, "mode", vip.mode == CONFIG_ANNOUNCE_ARP ? "arp" : "route");
	exposition_number(&scrape->text, vip.status == ANNOUNCE_ANNOUNCED);
}

void expose_vip_failed(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct announce_vip vip = expose_vip_of(scrape, row);

	if (vip.mode != CONFIG_ANNOUNCE_NONE)
		sample_number(scrape, row, vip.status == ANNOUNCE_FAILED);
}

void expose_vip_own(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, expose_vip_of(scrape, row).owner[0] != '\0');
}

void expose_vip_since(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct announce_vip vip = expose_vip_of(scrape, row);

	if (vip.mode != CONFIG_ANNOUNCE_NONE && vip.since_s != 0)
		sample_number(scrape, row, vip.since_s);
}
