// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <exporter/expose_private.h>

// The backend of an index; NULL: nobody has it.
static const struct config_backend *expose_find_backend(const struct scrape *scrape, uint32_t index)
{
	const struct configuration *now = scrape->from->running->now;
	uint32_t at = now->places[index];

	return at != CONFIGURATION_NONE ? &now->config->backends[at] : NULL;
}

void expose_backend_info(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	const struct config_backend *backend = expose_find_backend(scrape, index);
	char address[ADDR_TEXT_SIZE];

	if (backend == NULL)
		return;
	sample_begin(scrape, index, "");
	exposition_label(
		&scrape->text, "address", addr_format(&backend->address, address, sizeof(address)));
	exposition_label(&scrape->text, "zone", backend->zone);
	exposition_label(&scrape->text, "state",
		config_state_name((enum config_backend_state)backend->state));
	exposition_number(&scrape->text, 1);
}

void expose_backend_health(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (expose_find_backend(scrape, index) == NULL)
		return;
	sample_begin(scrape, index, "");
	exposition_signed(
		&scrape->text, sample_health(scrape->from->running->states[index].health));
}

void expose_backend_usable(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (expose_find_backend(scrape, index) != NULL)
		sample_number(scrape, index,
			stats_is_usable(
				scrape->from->stats, scrape->from->running->now->places[index]));
}

void expose_backend_since(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (expose_find_backend(scrape, index) != NULL)
		sample_number(scrape, index, scrape->from->running->states[index].since_s);
}

void expose_backend_weight(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	const struct config_backend *backend = expose_find_backend(scrape, index);

	if (backend != NULL)
		sample_number(scrape, index, backend->weight);
}

void expose_backend_share(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (expose_find_backend(scrape, index) == NULL)
		return;
	sample_begin(scrape, index, "");
	exposition_micro(&scrape->text, scrape->cache->share_ppm[index]);
}

void expose_backend_flows(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (expose_find_backend(scrape, index) != NULL)
		sample_number(scrape, index, scrape->from->stats->flow_counts.last.flows[index]);
}

void expose_backend_oldest(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (expose_find_backend(scrape, index) != NULL)
		sample_number(scrape, index, scrape->from->stats->flow_counts.last.oldest_s[index]);
}

void expose_backend_traffic(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct metrics_traffic traffic;

	if (expose_find_backend(scrape, index) == NULL)
		return;
	stats_backend_traffic(scrape->from->stats, index, &traffic);
	sample_number(scrape, index, sample_number_at(&traffic, family));
}

void expose_backend_repeats(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct metrics_traffic traffic;

	if (expose_find_backend(scrape, index) == NULL)
		return;
	stats_backend_traffic(scrape->from->stats, index, &traffic);
	sample_number(scrape, index, traffic.syn_repeats);
}

void expose_backend_resets(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct metrics_traffic traffic;

	if (expose_find_backend(scrape, index) == NULL)
		return;
	stats_backend_traffic(scrape->from->stats, index, &traffic);
	sample_number(scrape, index, traffic.syn_resets);
}

void expose_backend_drain(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	uint64_t until_ns = scrape->from->running->states[index].drain_until_ns;
	int64_t left_ns = (int64_t)until_ns - (int64_t)clock_monotonic_ns();

	if (expose_find_backend(scrape, index) != NULL && until_ns != 0)
		sample_number(scrape, index,
			clock_wall_s() + (uint64_t)(left_ns / (int64_t)CLOCK_NS_PER_S));
}

void expose_backend_path_mtu(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	const struct running_backend *state = &scrape->from->running->states[index];

	if (expose_find_backend(scrape, index) != NULL && state->resolved)
		sample_number(scrape, index,
			running_backend_path_mtu(state, scrape->from->ports[state->port].mtu));
}

void expose_backend_path_errors(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (expose_find_backend(scrape, index) != NULL)
		sample_number(scrape, index, scrape->from->running->states[index].path_errors);
}

// --- What only a probe knows ---

static bool expose_find_probed(const struct scrape *scrape, uint32_t index, struct health_view *out)
{
	return expose_find_backend(scrape, index) != NULL &&
	       scrape->from->running->states[index].is_probed &&
	       health_view(scrape->from->health, index, out);
}

void expose_backend_changes(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct health_view view;

	if (expose_find_probed(scrape, index, &view))
		sample_number(scrape, index, view.changes);
}

void expose_backend_downs(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct health_view view;

	if (expose_find_probed(scrape, index, &view))
		sample_number(scrape, index, view.downs);
}

void expose_backend_probes(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct health_view view;

	if (expose_find_probed(scrape, index, &view))
		sample_durations(scrape, index, view.successes_us, view.successes);
}

void expose_backend_failures(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct health_view view;

	if (expose_find_probed(scrape, index, &view))
		sample_number(scrape, index, view.failures);
}

void expose_backend_certificate(
	struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct health_view view;

	if (expose_find_probed(scrape, index, &view) && view.certificate_end_s != 0)
		sample_number(scrape, index, view.certificate_end_s);
}
