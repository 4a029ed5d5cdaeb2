// SPDX-License-Identifier: BSD-3-Clause
// The reference page of metrics, from the list itself.
//   metrics_page FILE          compares FILE with what the page should be
//   metrics_page --write FILE  writes it
#include <metrics/family.h>

#include "page.h"

#include <string.h>

static const char introduction[] =
	"# Metrics\n\n"
	"What `fulcrumd` serves at `/metrics`, where the `metrics` key of its file says; made from the list in\n"
	"`lib/metrics/family.h`. How to scrape it, and what to be woken by, is in the\n"
	"[guide](../guides/monitoring.md).\n\n"
	"- The page is OpenMetrics 1.0 for who asks for it by `Accept`, as Prometheus does, and Prometheus's text\n"
	"  format 0.0.4 for everybody else. The names below are those of the samples.\n"
	"- Counters count since the daemon started. Those of a service or a backend begin at 0 when its name comes into\n"
	"  the configuration, and are gone with it. What nothing is known of is left out rather than 0.\n"
	"- What is a sum of others is not there twice: packets of a pool are\n"
	"  `sum by (pool) (fulcrum_backend_packets_total)`.\n"
	"- A histogram has `_bucket`, `_sum` and `_count`, with `le` from 0.0005 to 5 seconds; a summary has `_sum` and\n"
	"  `_count` alone, whose rates divided are the average.\n";

static const char *const titles[METRICS_SCOPES] = {
	[METRICS_OF_DAEMON] = "The daemon",
	[METRICS_OF_WORKERS] = "Workers and their flow tables",
	[METRICS_OF_REASONS] = "Drops",
	[METRICS_OF_PORTS] = "Ports",
	[METRICS_OF_VIPS] = "VIPs",
	[METRICS_OF_SERVICES] = "Services",
	[METRICS_OF_ZONES] = "Zones, as each service sees them",
	[METRICS_OF_POOLS] = "Pools",
	[METRICS_OF_BACKENDS] = "Backends",
};

static void write_scope(FILE *out, enum metrics_scope scope)
{
	const char *labels = metrics_scope_labels(scope);

	fprintf(out, "\n## %s\n\n", titles[scope]);
	if (labels[0] != '\0')
		fprintf(out, "Each with the label%s `%s`.\n\n",
			strchr(labels, ',') != NULL ? "s" : "", labels);
	fputs("| metric | type | what it is |\n|---|---|---|\n", out);
}

static void write_family(FILE *out, const struct metrics_family *family)
{
	const char *suffix = family->type == METRICS_COUNTER ? "_total"
			     : family->type == METRICS_INFO  ? "_info"
							     : "";

	fprintf(out, "| `%s%s` | %s | %s", family->name, suffix, metrics_type_name(family->type),
		family->help);
	if (family->labels[0] != '\0')
		fprintf(out, "; also `%s`", family->labels);
	fputs(" |\n", out);
}

static int write_page(FILE *out)
{
	fputs(introduction, out);
	for (int i = 0; i < METRICS_ID_COUNT; i++) {
		if (i == 0 || metrics_families[i].scope != metrics_families[i - 1].scope)
			write_scope(out, metrics_families[i].scope);
		write_family(out, &metrics_families[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	return page_main(argc, argv, "lib/metrics/family.h", write_page);
}
