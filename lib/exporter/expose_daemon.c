// SPDX-License-Identifier: BSD-3-Clause
#include <base/log_queue.h>
#include <capture/recording.h>
#include <channel/channel.h>
#include <events/events.h>
#include <exporter/expose_private.h>
#include <health/health.h>
#include <metrics/step.h>

#include <rte_version.h>
#include <stdio.h>

// --- The daemon ---

void expose_build(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_begin(scrape, row, "");
	exposition_label(&scrape->text, "version", FULCRUM_VERSION);
	exposition_label(&scrape->text, "dpdk", rte_version());
	exposition_number(&scrape->text, 1);
}

void expose_count(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, sample_number_at(scrape->from->counts, family));
}

void expose_count_unless_zero(
	struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	if (sample_number_at(scrape->from->counts, family) != 0)
		expose_count(scrape, family, row);
}

void expose_count_of_microseconds(
	struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_begin(scrape, row, "");
	exposition_micro(&scrape->text, sample_number_at(scrape->from->counts, family));
}

void expose_version(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->running->version);
}

void expose_events(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	for (int kind = 0; kind < EVENTS_KIND_COUNT; kind++) {
		sample_begin(scrape, row, "");
		exposition_label(&scrape->text, "kind", events_kind_name((enum events_kind)kind));
		exposition_number(&scrape->text,
			(double)events_count(scrape->from->events, (enum events_kind)kind));
	}
}

void expose_applied(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	if (scrape->from->running->applied.wall_s != 0)
		sample_number(scrape, row, scrape->from->running->applied.wall_s);
}

void expose_saved(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->running->is_saved);
}

void expose_secret(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->running->now->config->hash_key_set);
}

void expose_channel(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, CHANNEL_VERSION);
}

void expose_lag(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_histogram(scrape, row, scrape->lag);
}

void expose_steps(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_histogram(scrape, row, step_durations());
}

static void expose_each_step(
	struct scrape *scrape, uint32_t row, uint64_t (*longest_us)(enum step_kind))
{
	for (int kind = 0; kind < STEP_KINDS; kind++) {
		sample_begin(scrape, row, "");
		exposition_label(&scrape->text, "step", step_label((enum step_kind)kind));
		exposition_micro(&scrape->text, longest_us((enum step_kind)kind));
	}
}

void expose_longest(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	expose_each_step(scrape, row, step_longest_us);
}

void expose_longest_cpu(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	expose_each_step(scrape, row, step_longest_cpu_us);
}

void expose_log_lost(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, log_queue_lost());
}

void expose_probes(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct health_stats stats;

	health_stats(scrape->from->health, &stats);
	sample_number(scrape, row, sample_number_at(&stats, family));
}

void expose_lateness(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct health_stats stats;

	health_stats(scrape->from->health, &stats);
	sample_histogram(scrape, row, &stats.lateness);
}

void expose_capture(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct recording_status *status = recording_status(scrape->from->recording);

	sample_number(scrape, row,
		family->offset == 0 ? status->is_running : sample_number_at(status, family));
}

void expose_kept(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->publisher->kept_count);
}
