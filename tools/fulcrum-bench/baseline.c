// SPDX-License-Identifier: BSD-3-Clause
#include "baseline.h"
#include "command.h"

#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum figure { GROSS_NS, GENERATOR_NS, MACSWAP_NS, NET_NS, RUN_FIGURES };
static const char *const names[RUN_FIGURES] = {"gross", "generator", "macswap", "net"};

enum side { OURS, BASELINE, RATIO, SIDES };

// By figure and turn; sorted when the turns are over.
struct comparison {
	double values[SIDES][RUN_FIGURES][PIPELINE_TURNS_MAX];
	uint64_t turns;
};

static int start(
	const char *program, const struct pipeline_options *options, pid_t *pid, int *out_fd)
{
	const char *arguments[3 + PIPELINE_PASSED_MAX + 1] = {program, "pipeline", "--json"};
	posix_spawn_file_actions_t actions;
	int ends[2], rc;

	for (uint32_t i = 0; i < options->passed_count; i++)
		arguments[3 + i] = options->passed[i];
	if (pipe(ends) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	rc = posix_spawn(pid, program, &actions, NULL, (char **)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*out_fd = ends[0];
	if (rc != 0)
		close(ends[0]);
	return rc;
}

static bool take_figures(const json_t *said, double out[RUN_FIGURES])
{
	char key[32];

	for (int f = 0; f < RUN_FIGURES; f++) {
		snprintf(key, sizeof(key), "%s_ns", names[f]);
		if (!json_is_number(json_object_get(said, key)))
			return false;
		out[f] = json_number_value(json_object_get(said, key));
	}
	return true;
}

static bool run(
	const char *program, const struct pipeline_options *options, double out[RUN_FIGURES])
{
	bool good;
	json_t *said;
	pid_t pid;
	int fd, status = -1;

	if (start(program, options, &pid, &fd) != 0) {
		fprintf(stderr, "fulcrum-bench pipeline: %s cannot be run\n", program);
		return false;
	}
	said = json_loadfd(fd, 0, NULL);
	close(fd);
	waitpid(pid, &status, 0);
	good = status == 0 && take_figures(said, out);
	json_decref(said);
	if (!good)
		fprintf(stderr,
			"fulcrum-bench pipeline: %s failed on these options, or told no figures\n",
			program);
	return good;
}

static bool take_turns(const struct pipeline_options *options, struct comparison *out)
{
	const char *const programs[] = {"/proc/self/exe", options->baseline};
	double ns[RATIO][RUN_FIGURES];

	out->turns = options->turns;
	for (uint64_t turn = 0; turn < out->turns; turn++) {
		int first = (int)(turn % 2); // neither is always the one that comes after the other

		if (!run(programs[first], options, ns[first]) ||
			!run(programs[!first], options, ns[!first]))
			return false;
		for (int f = 0; f < RUN_FIGURES; f++) {
			out->values[OURS][f][turn] = ns[OURS][f];
			out->values[BASELINE][f][turn] = ns[BASELINE][f];
			out->values[RATIO][f][turn] = ns[OURS][f] / ns[BASELINE][f];
		}
	}
	for (int side = 0; side < SIDES; side++)
		for (int f = 0; f < RUN_FIGURES; f++)
			pipeline_sort(out->values[side][f], out->turns);
	return true;
}

static double median(const struct comparison *of, enum side side, int figure)
{
	return of->values[side][figure][of->turns / 2];
}

// On a busy machine the least of the turns says more.
static double least_ratio(const struct comparison *of, int figure)
{
	return of->values[OURS][figure][0] / of->values[BASELINE][figure][0];
}

static json_t *side_json(const struct comparison *of, enum side side)
{
	const char *unit = side == RATIO ? "" : "_ns";
	json_t *out = json_object();
	char key[32];

	for (int f = 0; f < RUN_FIGURES; f++) {
		snprintf(key, sizeof(key), "%s%s", names[f], unit);
		json_object_set_new(out, key, json_real(median(of, side, f)));
		snprintf(key, sizeof(key), "%s%s_least", names[f], unit);
		json_object_set_new(out, key,
			json_real(side == RATIO ? least_ratio(of, f) : of->values[side][f][0]));
	}
	return out;
}

static void print_json(const struct comparison *of)
{
	const double *net = of->values[RATIO][NET_NS];
	json_t *out = json_pack("{s:I, s:o, s:o, s:o, s:[f, f]}", "turns", (json_int_t)of->turns,
		"ours", side_json(of, OURS), "baseline", side_json(of, BASELINE), "ratio",
		side_json(of, RATIO), "net_ratio_quartiles", net[of->turns / 4],
		net[of->turns * 3 / 4]);

	json_dumpf(out, stdout, JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(out);
}

static void print_text(const struct comparison *of)
{
	printf("ns a packet       ours  baseline   ratio   (half of the %llu turns)     least: ours  "
	       "baseline   ratio\n",
		(unsigned long long)of->turns);
	for (int f = 0; f < RUN_FIGURES; f++) {
		const double *ratio = of->values[RATIO][f];

		printf("%-13s %8.1f %9.1f %7.3f   (%.3f to %.3f) %22.1f %9.1f %7.3f\n", names[f],
			median(of, OURS, f), median(of, BASELINE, f), median(of, RATIO, f),
			ratio[of->turns / 4], ratio[of->turns * 3 / 4], of->values[OURS][f][0],
			of->values[BASELINE][f][0], least_ratio(of, f));
	}
}

int baseline_compare(const struct pipeline_options *options)
{
	static struct comparison comparison;

	if (!take_turns(options, &comparison))
		return EXIT_UNMET;
	if (options->json)
		print_json(&comparison);
	else
		print_text(&comparison);
	return 0;
}
