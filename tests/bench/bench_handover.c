// SPDX-License-Identifier: BSD-3-Clause
// How long a planned restart takes for the sake of flow tables: their rows into the file, and into
// the next tables. And what a copy takes that is written while the daemon runs.
#include "../unit/handover_side.h"
#include "bench.h"

#include <base/clock.h>
#include <flow/flow_inline.h>
#include <handover/checkpoint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLOWS_DEFAULT 1000000u // of a table
#define STEP_NS       (5 * CLOCK_NS_PER_MS) // as the daemon takes

static const char yaml[] =
	"services: [{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}]\n"
	"pools: [{name: web, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}]\n";

static void fill(struct side *side, uint64_t flows)
{
	struct flow_begin begin = {.service = (uint16_t)side_service(side, "web"),
		.backend = side_backend(side, "web/b"),
		.state = FLOW_ESTABLISHED};
	uint32_t now_s = side_now_s();

	for (uint64_t i = 0; i < flows; i++) {
		begin.hash = bench_mix(i);
		begin.client = flow_client_from_ipv4_be((uint32_t)begin.hash);
		begin.client_port = (uint16_t)(begin.hash >> 7);
		flow_insert(side->tables[0], &begin, side->snapshot.ttls,
			side->snapshot.service_capacity, now_s);
	}
}

typedef int handover_fn(const struct side *side, struct handover_count *count, struct error *err);

static int save_flows(const struct side *side, struct handover_count *count, struct error *err)
{
	return handover_save(&side->handover, NULL, side->budget_ns, count, err);
}

static int restore_flows(const struct side *side, struct handover_count *count, struct error *err)
{
	return handover_restore(&side->handover, side->file, NULL, count, err);
}

// By the wall, and by the processor: what other processes take is in the first one only.
struct times {
	double wall_ms;
	double cpu_ms;
};

static struct times run(handover_fn *step, const struct side *side, struct handover_count *count)
{
	uint64_t wall_ns = clock_monotonic_ns(), cpu_ns = bench_cpu_ns();
	struct error err;

	if (step(side, count, &err) != 0)
		printf("%s\n", err.text);
	return (struct times){(double)(clock_monotonic_ns() - wall_ns) / 1e6,
		(double)(bench_cpu_ns() - cpu_ns) / 1e6};
}

// Of those flows half are where the hash table has them.
static double copy_ms(struct side *side)
{
	struct snapshot *snapshot = side_tables(side, NULL, NULL);
	struct checkpoint *checkpoint;
	struct error err;
	uint64_t cpu_ns = bench_cpu_ns();
	int rc;

	side->publisher.current = snapshot;
	rc = checkpoint_new(&side->handover, NULL, &checkpoint, &err);
	while (rc == 0 && checkpoint_step(checkpoint, STEP_NS))
		;
	if (rc == 0)
		rc = checkpoint_close(checkpoint, &(struct checkpoint_last){0}, &err);
	if (rc != 0)
		printf("%s\n", err.text);
	flows_file_remove(side->folder, FLOWS_FILE_CHECKPOINT);
	side->publisher.current = &side->snapshot;
	snapshot_free(snapshot);
	return (double)(bench_cpu_ns() - cpu_ns) / 1e6;
}

static double file_mib(const char *folder)
{
	char path[DAEMON_PATH_SIZE + 16];
	struct stat file;

	snprintf(path, sizeof(path), "%s/flows", folder);
	return stat(path, &file) == 0 ? (double)file.st_size / (1 << 20) : 0;
}

static void measure(const char *folder, uint64_t flows, uint64_t budget_ms)
{
	uint64_t capacity = 2 * flows > FLOWS_DEFAULT ? 2 * flows : FLOWS_DEFAULT;
	struct handover_count saved, taken;
	struct times save, take;
	struct side side;
	double mib, copy;

	side_init(&side, folder, NULL, yaml, 1, capacity);
	fill(&side, flows);
	copy = copy_ms(&side);
	side.budget_ns = budget_ms * CLOCK_NS_PER_MS;
	save = run(save_flows, &side, &saved);
	mib = file_mib(folder);
	side_free(&side);
	side_init(&side, folder, NULL, yaml, 1, capacity);
	// A daemon's tables are touched already.
	memset(side.tables[0]->buckets, 0, flow_table_footprint(capacity) - 128);
	take = run(restore_flows, &side, &taken);
	side_free(&side);
	printf("%10lu %10lu %8.1f %10.1f %10.1f %10.1f %10.1f %10.1f\n", saved.done, taken.done,
		mib, save.wall_ms, save.cpu_ms, take.wall_ms, take.cpu_ms, copy);
}

#define BUDGET_MS 60000u // enough for all

// bench_handover [FOLDER [FLOWS [MS]]]: the folder is where the file goes, which should be on a
// disk as the daemon's is. With MS no more time than that is given to saving.
int main(int argc, char **argv)
{
	static const uint64_t flows[] = {1000, 100000, 1000000, 10000000};
	char folder[DAEMON_PATH_SIZE];

	snprintf(folder, sizeof(folder), "%s/fulcrum-handover-XXXXXX", argc > 1 ? argv[1] : "/tmp");
	if (mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	printf("%10s %10s %8s %10s %10s %10s %10s %10s\n", "saved", "restored", "MiB", "save ms",
		"of CPU", "restore ms", "of CPU", "copy CPU");
	if (argc > 2)
		measure(folder, strtoull(argv[2], NULL, 10),
			argc > 3 ? strtoull(argv[3], NULL, 10) : BUDGET_MS);
	for (size_t i = 0; argc <= 2 && i < sizeof(flows) / sizeof(flows[0]); i++)
		measure(folder, flows[i], BUDGET_MS);
	rmdir(folder);
	return EXIT_SUCCESS;
}
