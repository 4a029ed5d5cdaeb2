// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/exporter_private.h>

// The backend of an index; NULL: nobody has it.
static const struct config_backend *find(const struct page *page, uint32_t index)
{
	const struct configuration *running = page->control->running.now;
	uint32_t at = running->places[index];

	return at != CONFIGURATION_NONE ? &running->config->backends[at] : NULL;
}

void page_backend_info(struct page *page, const struct page_family *family, uint32_t index)
{
	const struct config_backend *backend = find(page, index);
	char address[ADDR_TEXT_SIZE];

	if (backend == NULL)
		return;
	page_sample(page, index, "");
	exposition_label(
		&page->text, "address", addr_format(&backend->address, address, sizeof(address)));
	exposition_label(&page->text, "zone", backend->zone);
	exposition_label(
		&page->text, "state", config_state_name((enum config_backend_state)backend->state));
	exposition_number(&page->text, 1);
}

void page_backend_health(struct page *page, const struct page_family *family, uint32_t index)
{
	static const int64_t values[] = {[HEALTH_UNKNOWN] = -1, [HEALTH_UP] = 1, [HEALTH_DOWN] = 0};

	if (find(page, index) == NULL)
		return;
	page_sample(page, index, "");
	exposition_signed(&page->text, values[page->control->running.states[index].health]);
}

void page_backend_usable(struct page *page, const struct page_family *family, uint32_t index)
{
	if (find(page, index) != NULL)
		page_number(page, index,
			stats_is_usable(
				&page->control->stats, page->control->running.now->places[index]));
}

void page_backend_since(struct page *page, const struct page_family *family, uint32_t index)
{
	if (find(page, index) != NULL)
		page_number(page, index, page->control->running.states[index].since_s);
}

void page_backend_weight(struct page *page, const struct page_family *family, uint32_t index)
{
	const struct config_backend *backend = find(page, index);

	if (backend != NULL)
		page_number(page, index, backend->weight);
}

void page_backend_share(struct page *page, const struct page_family *family, uint32_t index)
{
	if (find(page, index) == NULL)
		return;
	page_sample(page, index, "");
	exposition_micro(&page->text, page->cache->share_ppm[index]);
}

void page_backend_flows(struct page *page, const struct page_family *family, uint32_t index)
{
	if (find(page, index) != NULL)
		page_number(page, index, page->control->stats.flow_counts.last.flows[index]);
}

void page_backend_oldest(struct page *page, const struct page_family *family, uint32_t index)
{
	if (find(page, index) != NULL)
		page_number(page, index, page->control->stats.flow_counts.last.oldest_s[index]);
}

void page_backend_traffic(struct page *page, const struct page_family *family, uint32_t index)
{
	struct metrics_traffic traffic;

	if (find(page, index) == NULL)
		return;
	stats_backend_traffic(&page->control->stats, index, &traffic);
	page_number(page, index, page_number_at(&traffic, family));
}

void page_backend_repeats(struct page *page, const struct page_family *family, uint32_t index)
{
	struct metrics_traffic traffic;

	if (find(page, index) == NULL)
		return;
	stats_backend_traffic(&page->control->stats, index, &traffic);
	page_number(page, index, traffic.syn_repeats);
}

void page_backend_resets(struct page *page, const struct page_family *family, uint32_t index)
{
	struct metrics_traffic traffic;

	if (find(page, index) == NULL)
		return;
	stats_backend_traffic(&page->control->stats, index, &traffic);
	page_number(page, index, traffic.syn_resets);
}

void page_backend_drain(struct page *page, const struct page_family *family, uint32_t index)
{
	uint64_t until_ns = page->control->running.states[index].drain_until_ns;
	int64_t left_ns = (int64_t)until_ns - (int64_t)clock_monotonic_ns();

	if (find(page, index) != NULL && until_ns != 0)
		page_number(page, index,
			clock_wall_s() + (uint64_t)(left_ns / (int64_t)CLOCK_NS_PER_S));
}

void page_backend_path_mtu(struct page *page, const struct page_family *family, uint32_t index)
{
	const struct running_backend *state = &page->control->running.states[index];

	if (find(page, index) != NULL && state->resolved)
		page_number(page, index,
			running_backend_path_mtu(
				state, page->control->config.ports[state->port].mtu));
}

void page_backend_path_errors(struct page *page, const struct page_family *family, uint32_t index)
{
	if (find(page, index) != NULL)
		page_number(page, index, page->control->running.states[index].path_errors);
}

// --- What only a probe knows ---

static bool find_probed(const struct page *page, uint32_t index, struct health_view *out)
{
	return find(page, index) != NULL && page->control->running.states[index].is_probed &&
	       health_view(page->control->health, index, out);
}

void page_backend_changes(struct page *page, const struct page_family *family, uint32_t index)
{
	struct health_view view;

	if (find_probed(page, index, &view))
		page_number(page, index, view.changes);
}

void page_backend_downs(struct page *page, const struct page_family *family, uint32_t index)
{
	struct health_view view;

	if (find_probed(page, index, &view))
		page_number(page, index, view.downs);
}

void page_backend_probes(struct page *page, const struct page_family *family, uint32_t index)
{
	struct health_view view;

	if (find_probed(page, index, &view))
		page_durations(page, index, view.successes_us, view.successes);
}

void page_backend_failures(struct page *page, const struct page_family *family, uint32_t index)
{
	struct health_view view;

	if (find_probed(page, index, &view))
		page_number(page, index, view.failures);
}

void page_backend_certificate(struct page *page, const struct page_family *family, uint32_t index)
{
	struct health_view view;

	if (find_probed(page, index, &view) && view.certificate_end_s != 0)
		page_number(page, index, view.certificate_end_s);
}
