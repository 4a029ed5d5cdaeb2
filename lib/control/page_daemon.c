// SPDX-License-Identifier: BSD-3-Clause
#include <base/log_queue.h>
#include <capture/recording.h>
#include <control/exporter_private.h>
#include <control/interfaces.h>
#include <control/saving_private.h>
#include <metrics/step.h>

#include <rte_version.h>
#include <stdio.h>

// --- The daemon ---

void page_build(struct page *page, const struct page_family *family, uint32_t row)
{
	page_sample(page, row, "");
	exposition_label(&page->text, "version", FULCRUM_VERSION);
	exposition_label(&page->text, "dpdk", rte_version());
	exposition_number(&page->text, 1);
}

void page_control(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, page_number_at(page->control, family));
}

void page_events(struct page *page, const struct page_family *family, uint32_t row)
{
	for (int kind = 0; kind < EVENTS_KIND_COUNT; kind++) {
		page_sample(page, row, "");
		exposition_label(&page->text, "kind", events_kind_name((enum events_kind)kind));
		exposition_number(&page->text,
			(double)events_count(page->control->events, (enum events_kind)kind));
	}
}

void page_applied(struct page *page, const struct page_family *family, uint32_t row)
{
	if (page->control->running.applied.wall_s != 0)
		page_number(page, row, page->control->running.applied.wall_s);
}

void page_confirm(struct page *page, const struct page_family *family, uint32_t row)
{
	uint32_t left_s = commits_confirm_left_s(&page->control->commits);

	if (left_s > 0)
		page_number(page, row, left_s);
}

void page_duration(struct page *page, const struct page_family *family, uint32_t row)
{
	page_sample(page, row, "");
	exposition_micro(&page->text, page->control->apply_us);
}

void page_saved(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, page->control->running.is_saved);
}

void page_state_late(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, control_saving_late_ns(page->control) / CLOCK_NS_PER_S);
}

void page_secret(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, page->control->running.now->config->hash_key_set);
}

void page_channel(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, CHANNEL_VERSION);
}

void page_lag(struct page *page, const struct page_family *family, uint32_t row)
{
	page_histogram(page, row, page->lag);
}

void page_steps(struct page *page, const struct page_family *family, uint32_t row)
{
	page_histogram(page, row, step_durations());
}

static void page_each_step(struct page *page, uint32_t row, uint64_t (*longest_us)(enum step_kind))
{
	for (int kind = 0; kind < STEP_KINDS; kind++) {
		page_sample(page, row, "");
		exposition_label(&page->text, "step", step_label((enum step_kind)kind));
		exposition_micro(&page->text, longest_us((enum step_kind)kind));
	}
}

void page_longest(struct page *page, const struct page_family *family, uint32_t row)
{
	page_each_step(page, row, step_longest_us);
}

void page_longest_cpu(struct page *page, const struct page_family *family, uint32_t row)
{
	page_each_step(page, row, step_longest_cpu_us);
}

void page_log_lost(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, log_queue_lost());
}

void page_probes(struct page *page, const struct page_family *family, uint32_t row)
{
	struct health_stats stats;

	health_stats(page->control->health, &stats);
	page_number(page, row, page_number_at(&stats, family));
}

void page_lateness(struct page *page, const struct page_family *family, uint32_t row)
{
	struct health_stats stats;

	health_stats(page->control->health, &stats);
	page_histogram(page, row, &stats.lateness);
}

void page_capture(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct recording_status *status = recording_status(page->control->recording);

	page_number(page, row,
		family->offset == 0 ? status->is_running : page_number_at(status, family));
}

// --- Workers, reasons, ports ---

void page_worker(struct page *page, const struct page_family *family, uint32_t row)
{
	struct message_row_worker worker = {0};

	row_worker(page->control, row, &worker);
	page_number(page, row, page_number_at(&worker, family));
}

void page_rounds(struct page *page, const struct page_family *family, uint32_t row)
{
	const uint8_t *metrics = (const uint8_t *)page->control->config.metrics[row];

	page_number(page, row, metrics_read((const uint64_t *)(metrics + family->offset)));
}

void page_stuck(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, stuck_for_ms(page->control->stuck, row) / 1000);
}

void page_kept(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, page->control->config.publisher->kept_count);
}

void page_worker_info(struct page *page, const struct page_family *family, uint32_t row)
{
	char core[16];

	snprintf(core, sizeof(core), "%u", page->control->config.daemon->worker_cores[row]);
	page_sample(page, row, "");
	exposition_label(&page->text, "core", core);
	exposition_number(&page->text, 1);
}

void page_dropped(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct control_config *config = &page->control->config;

	page_number(page, row,
		metrics_dropped(config->metrics, config->worker_count, (enum drop_reason)row));
}

void page_port_info(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct running_port *port = &page->control->config.ports[row];
	char mac[MAC_TEXT_SIZE];

	page_sample(page, row, "");
	exposition_label(&page->text, "device", port->device);
	exposition_label(
		&page->text, "kernel_interface", control_kernel_side_name(page->control, row));
	exposition_label(&page->text, "mac", mac_format(&port->mac, mac, sizeof(mac)));
	exposition_number(&page->text, 1);
}

void page_port(struct page *page, const struct page_family *family, uint32_t row)
{
	struct message_row_port port = {0};

	row_port(page->control, row, &port);
	page_number(page, row, page_number_at(&port, family));
}

void page_link(struct page *page, const struct page_family *family, uint32_t row)
{
	struct message_row_port port = {0};

	row_port(page->control, row, &port);
	page_number(page, row, port.link_up);
}

void page_speed(struct page *page, const struct page_family *family, uint32_t row)
{
	struct message_row_port port = {0};

	row_port(page->control, row, &port);
	if (port.link_mbps != 0 && port.link_mbps != UINT32_MAX)
		page_number(page, row, port.link_mbps * 125000ull);
}

void page_mtu(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, page->control->config.ports[row].mtu);
}
