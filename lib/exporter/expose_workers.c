// SPDX-License-Identifier: BSD-3-Clause
#include <exporter/expose_private.h>

#include <stdio.h>

// --- Workers, reasons, ports ---

void expose_worker(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const uint8_t *metrics = (const uint8_t *)scrape->from->stats->from.metrics[row];

	sample_number(scrape, row, metrics_read((const uint64_t *)(metrics + family->offset)));
}

void expose_worker_dropped(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, metrics_dropped_total(scrape->from->stats->from.metrics[row]));
}

void expose_worker_flows(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->stats->flow_counts.last.worker_flows[row]);
}

void expose_worker_capacity(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, flow_table_capacity(scrape->from->stats->from.tables[row]));
}

void expose_stuck(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->stuck_ms(scrape->from->context, row) / 1000);
}

void expose_worker_info(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	char core[16];

	snprintf(core, sizeof(core), "%u", scrape->from->daemon->worker_cores[row]);
	sample_begin(scrape, row, "");
	exposition_label(&scrape->text, "core", core);
	exposition_number(&scrape->text, 1);
}

void expose_dropped(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct stats_source *from = &scrape->from->stats->from;

	sample_number(scrape, row,
		metrics_dropped(from->metrics, from->worker_count, (enum drop_reason)row));
}

void expose_port_info(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct running_port *port = &scrape->from->ports[row];
	char mac[MAC_TEXT_SIZE];

	sample_begin(scrape, row, "");
	exposition_label(&scrape->text, "device", port->device);
	exposition_label(&scrape->text, "kernel_interface",
		scrape->from->kernel_side_name(scrape->from->context, row));
	exposition_label(&scrape->text, "mac", mac_format(&port->mac, mac, sizeof(mac)));
	exposition_number(&scrape->text, 1);
}

void expose_port(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct stats_port port;

	stats_port(scrape->from->stats, scrape->from->ports, row, &port);
	sample_number(scrape, row, sample_number_at(&port, family));
}

void expose_link(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->has_link(scrape->from->context, row));
}

void expose_speed(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct stats_port port;

	stats_port(scrape->from->stats, scrape->from->ports, row, &port);
	if (port.link_mbps != 0)
		sample_number(scrape, row, port.link_mbps * 125000ull);
}

void expose_mtu(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->ports[row].mtu);
}
