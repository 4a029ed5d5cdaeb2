// SPDX-License-Identifier: BSD-3-Clause
#include <exporter/expose_private.h>
#include <halfopen/halfopen.h>

#include <stdio.h>

// --- Backends: 'row' is the backend's index ---

void expose_backend_kept(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	if (scrape->from->running->now->places[index] != CONFIGURATION_NONE)
		sample_number(
			scrape, index, fail_open_keeps(&scrape->from->running->states[index]));
}

_Static_assert(CONFIG_PROBES_MAX <= HISTOGRAM_BOUNDS + 3, "a backend's ports fit into a row");

void expose_backend_ports(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	const struct configuration *now = scrape->from->running->now;
	uint32_t at = now->places[index];
	struct health_target target;
	char port[8];

	if (at == CONFIGURATION_NONE || configuration_probes(now, at) == NULL)
		return;
	for (uint32_t p = 0; p < CONFIG_PROBES_MAX; p++) {
		if (configuration_probes(now, at)->service[p] == CONFIGURATION_NONE ||
			!configuration_is_probed(now, at, p))
			continue;
		configuration_target(now, at, p, &target);
		snprintf(port, sizeof(port), "%u", target.port);
		sample_begin(scrape, index, "");
		exposition_label(&scrape->text, "port", port);
		exposition_signed(
			&scrape->text, sample_health(running_backend_probe_health(
					       &scrape->from->running->states[index], p)));
	}
}

// --- What the probes through the path found ---

static bool expose_find_path(const struct scrape *scrape, uint32_t index, struct halfopen_view *out)
{
	const struct configuration *now = scrape->from->running->now;
	uint32_t at = now->places[index];

	return at != CONFIGURATION_NONE &&
	       now->config->pools[now->config->backends[at].pool_index].health.via ==
		       CONFIG_VIA_FORWARDING &&
	       halfopen_view(scrape->from->halfopen, now->backends[at], out);
}

void expose_path_up(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct halfopen_view path;

	if (expose_find_path(scrape, index, &path))
		sample_number(scrape, index, path.is_up);
}

void expose_path_duration(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct halfopen_view path;

	if (expose_find_path(scrape, index, &path))
		sample_durations(scrape, index, path.successes_us, path.successes);
}

void expose_path_failures(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct halfopen_view path;

	if (expose_find_path(scrape, index, &path))
		sample_number(scrape, index, path.failures);
}

void expose_path_mss(struct scrape *scrape, const struct scrape_family *family, uint32_t index)
{
	struct halfopen_view path;

	if (expose_find_path(scrape, index, &path) && path.mss != 0)
		sample_number(scrape, index,
			*(const uint16_t *)((const uint8_t *)&path + family->offset));
}
