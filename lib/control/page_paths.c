// SPDX-License-Identifier: BSD-3-Clause
#include <control/exporter_private.h>
#include <halfopen/halfopen.h>

#include <stdio.h>

// --- Backends: 'row' is the backend's index ---

static uint32_t place_of(const struct page *page, uint32_t index)
{
	return page->control->running.now->places[index];
}

void page_backend_kept(struct page *page, const struct page_family *family, uint32_t index)
{
	if (place_of(page, index) != CONFIGURATION_NONE)
		page_number(page, index, fail_open_keeps(&page->control->running.states[index]));
}

_Static_assert(CONFIG_PROBES_MAX <= HISTOGRAM_BOUNDS + 3, "a backend's ports fit into a row");

void page_backend_ports(struct page *page, const struct page_family *family, uint32_t index)
{
	static const int64_t values[] = {[HEALTH_UNKNOWN] = -1, [HEALTH_UP] = 1, [HEALTH_DOWN] = 0};
	const struct configuration *running = page->control->running.now;
	uint32_t at = place_of(page, index);
	struct health_target target;
	char port[8];

	if (at == CONFIGURATION_NONE || configuration_probes(running, at) == NULL)
		return;
	for (uint32_t p = 0; p < CONFIG_PROBES_MAX; p++) {
		if (configuration_probes(running, at)->service[p] == CONFIGURATION_NONE ||
			!configuration_is_probed(running, at, p))
			continue;
		configuration_target(running, at, p, &target);
		snprintf(port, sizeof(port), "%u", target.port);
		page_sample(page, index, "");
		exposition_label(&page->text, "port", port);
		exposition_signed(&page->text, values[running_backend_probe_health(
						       &page->control->running.states[index], p)]);
	}
}

// --- What the probes through the path found ---

static bool find_path(const struct page *page, uint32_t index, struct halfopen_view *out)
{
	const struct control *control = page->control;
	uint32_t at = place_of(page, index);

	return at != CONFIGURATION_NONE &&
	       control->running.now->config
			       ->pools[control->running.now->config->backends[at].pool_index]
			       .health.via == CONFIG_VIA_FORWARDING &&
	       halfopen_view(control->halfopen, control->running.now->backends[at], out);
}

void page_path_up(struct page *page, const struct page_family *family, uint32_t index)
{
	struct halfopen_view view;

	if (find_path(page, index, &view))
		page_number(page, index, view.is_up);
}

void page_path_duration(struct page *page, const struct page_family *family, uint32_t index)
{
	struct halfopen_view view;

	if (find_path(page, index, &view))
		page_durations(page, index, view.successes_us, view.successes);
}

void page_path_failures(struct page *page, const struct page_family *family, uint32_t index)
{
	struct halfopen_view view;

	if (find_path(page, index, &view))
		page_number(page, index, view.failures);
}

void page_path_mss(struct page *page, const struct page_family *family, uint32_t index)
{
	struct halfopen_view view;

	if (find_path(page, index, &view) && view.mss != 0)
		page_number(
			page, index, *(const uint16_t *)((const uint8_t *)&view + family->offset));
}
