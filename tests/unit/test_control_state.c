// SPDX-License-Identifier: BSD-3-Clause
#include <store/history.h>
#include <store/state.h>

#include <base/clock.h>
#include <config/config.h>
#include <config/schema.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define KILLS 200

struct place {
	char parent[64];
	char folder[96];
};

static int enter(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->parent, "/tmp/fulcrum-state-XXXXXX");
	assert_non_null(mkdtemp(place->parent));
	snprintf(place->folder, sizeof(place->folder), "%s/state", place->parent);
	*state = place;
	return 0;
}

static int leave(void **state)
{
	struct place *place = *state;
	char line[128];

	snprintf(line, sizeof(line), "rm -r %s", place->parent);
	assert_int_equal(system(line), 0);
	free(place);
	return 0;
}

// A pool with 'count' backends of the weight 'count'.
static struct config *make(uint32_t count)
{
	struct config *config = config_new();
	struct config_pool pool;
	struct error err;

	schema_defaults(&schema_pool, &pool);
	strcpy(pool.name, "web");
	pool.health.type = CONFIG_PROBE_NONE;
	config_add_pool(config, &pool);
	for (uint32_t i = 0; i < count; i++) {
		struct config_backend backend = {
			.pool = "web", .weight = (uint16_t)count, .state = CONFIG_STATE_ACTIVE};

		snprintf(backend.name, sizeof(backend.name), "b%u", i);
		backend.address = addr_from_ipv4_be(htobe32(0x0a000001 + i));
		config_add_backend(config, &backend);
	}
	if (config_finish(config, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}

static void save(const struct place *place, uint32_t count, uint64_t version)
{
	struct config *config = make(count);
	struct error err;

	if (state_save(place->folder, config, version,
		    &(struct clock_stamp){1000 + version, 7, version}, &err) != 0)
		fail_msg("%s", err.text);
	config_free(config);
}

// How many backends are in force, all of one commit; -1 for none.
static int load(const struct place *place, struct state_mark *mark)
{
	struct config *config = state_load(place->folder, mark);
	int count;

	if (config == NULL)
		return -1;
	count = (int)config->backend_count;
	for (int i = 0; i < count; i++)
		assert_int_equal(config->backends[i].weight, count);
	config_free(config);
	return count;
}

static void spoil(const struct place *place, const char *name, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static void a_folder_that_cannot_be_made_is_told_by_name(void **state)
{
	struct config *config = make(1);
	struct error err;

	assert_int_equal(
		state_save("/nowhere/there", config, 1, &(struct clock_stamp){1}, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/there"));
	config_free(config);
}

static void no_folder_keeps_nothing(void **state)
{
	struct config *config = make(1);
	struct state_mark mark;

	assert_int_equal(state_save("", config, 1, &(struct clock_stamp){1}, NULL), 0);
	assert_null(state_load("", &mark));
	config_free(config);
}

static void nothing_saved_is_nothing_loaded_and_version_0(void **state)
{
	struct state_mark mark = {5, {5}};

	assert_int_equal(load(*state, &mark), -1);
	assert_int_equal(mark.version, 0);
}

static void what_was_saved_last_is_loaded_with_its_version(void **state)
{
	struct state_mark mark;

	save(*state, 3, 7);
	save(*state, 4, 8);
	assert_int_equal(load(*state, &mark), 4);
	assert_int_equal(mark.version, 8);
	assert_int_equal(mark.applied.wall_s, 1008);
}

static void nobody_else_may_read_it(void **state)
{
	struct place *place = *state;
	char path[160];
	struct stat status;

	save(place, 3, 7);
	snprintf(path, sizeof(path), "%s/pools.yaml", place->folder);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void an_operators_own_file_is_loaded_too(void **state)
{
	struct place *place = *state;
	struct state_mark mark;

	save(place, 3, 7);
	spoil(place, "pools.yaml",
		"pools:\n  - name: web\n    health: {type: none}\n"
		"    backends: [{name: a, address: 10.0.0.1, weight: 1}]\n");
	assert_int_equal(load(place, &mark), 1);
	assert_int_equal(mark.version, 1);
}

static void the_one_before_is_found_beside_what_was_loaded(void **state)
{
	const struct place *place = *state;
	struct state_mark loaded, before;
	struct config *config;

	save(place, 3, 7);
	load(place, &loaded);
	assert_null(state_load_before(place->folder, &loaded, &before));
	save(place, 4, 8);
	load(place, &loaded);
	config = state_load_before(place->folder, &loaded, &before);
	assert_non_null(config);
	assert_int_equal(config->backend_count, 3);
	assert_int_equal(before.version, 7);
	assert_int_equal(before.applied.wall_s, 1007);
	config_free(config);
	// It is not before itself.
	spoil(place, "pools.yaml", "services: [");
	load(place, &loaded);
	assert_int_equal(loaded.version, 7);
	assert_null(state_load_before(place->folder, &loaded, &before));
	assert_null(state_load_before("", &loaded, &before));
}

static void what_left_is_told_until_it_is_forgotten(void **state)
{
	struct place *place = *state;
	struct config *config = make(3);
	struct error err;

	for (uint32_t i = 0; i < config->backend_count; i++)
		config->backends[i].state = CONFIG_STATE_LEAVING;
	assert_int_equal(state_save_left("/nonexistent", config, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/pools.yaml.left: No such file or directory");
	save(place, 3, 1); // makes the folder
	assert_null(state_take_left(""));
	assert_null(state_take_left(place->folder));
	assert_int_equal(state_save_left(place->folder, config, &err), 0);
	config_free(config);
	// A daemon that read it may die before it has saved its own.
	for (int i = 0; i < 2; i++) {
		config = state_take_left(place->folder);
		assert_non_null(config);
		assert_int_equal(config->backend_count, 3);
		config_free(config);
	}
	state_forget_left(place->folder);
	assert_null(state_take_left(place->folder));
	spoil(place, "pools.yaml.left", "services: [");
	assert_null(state_take_left(place->folder));
	spoil(place, "pools.yaml.left", "# version 1, applied at 0\npools: []\n"); // and no end
	assert_null(state_take_left(place->folder));
}

static void a_broken_one_gives_way_to_the_one_before(void **state)
{
	static const char *const broken[] = {"", "services: [", "pools: 3\n",
		"# version 9, applied at 1009\npools: []\n", "\x01\x02\x03",
		// Numbers that no daemon counts to: the next version would be 0, the time no date.
		"# version -1, applied at 1009\npools: []\n# end\n",
		"# version 18446744073709551615, applied at 1009\npools: []\n# end\n",
		"# version 9, applied at 99999999999999999\npools: []\n# end\n"};
	struct state_mark mark;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		save(*state, 3, 7);
		save(*state, 4, 8);
		spoil(*state, "pools.yaml", broken[i]);
		assert_int_equal(load(*state, &mark), 3);
		assert_int_equal(mark.version, 7);
		// Nor does the next save make the broken one the one before.
		save(*state, 5, 9);
		spoil(*state, "pools.yaml", broken[i]);
		assert_int_equal(load(*state, &mark), 3);
	}
}

static void two_broken_ones_are_none(void **state)
{
	struct state_mark mark;

	save(*state, 3, 7);
	save(*state, 4, 8);
	spoil(*state, "pools.yaml", "services: [");
	spoil(*state, "pools.yaml.before", "services: [");
	assert_int_equal(load(*state, &mark), -1);
	assert_int_equal(mark.version, 0);
}

// Saved, and a version of the history.
static void keep(const struct place *place, uint32_t count, uint64_t version)
{
	struct history_entry entry = HISTORY_NOBODY;
	struct error err;

	save(place, count, version);
	entry.version = version;
	entry.applied_s = 1000 + version;
	if (history_keep(place->folder, &entry, &err) != 0)
		fail_msg("%s", err.text);
}

static void run(const struct place *place, const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && { %s; }", place->folder, command);
	assert_int_equal(system(line), 0);
}

// Each is put out by its own fault, and 'pools.yaml' and the one before are other names of the
// newest two.
static void all_versions_that_are_kept_are_tried_newest_first(void **state)
{
	const struct place *place = *state;
	struct state_mark mark, before;
	struct config *config;

	for (uint32_t version = 1; version <= 6; version++)
		keep(place, version, version);
	run(place, "echo 'pools: [' > pools.yaml"); // and version 6
	assert_int_equal(load(place, &mark), 5);
	assert_int_equal(mark.version, 5);
	run(place, "truncate -s -3 pools.yaml.before"); // and version 5
	assert_int_equal(load(place, &mark), 4);
	for (uint32_t version = 1; version <= 6; version++)
		keep(place, version, version);
	run(place, "echo 'pools: [' > pools.yaml; truncate -s -3 pools.yaml.before");
	run(place, "echo 'a: \xff' | sed -i 1r/dev/stdin history/4-*");
	run(place, "ln -sf /etc/passwd history/3-$(ls history | sed -n 's/^3-//p')");
	assert_int_equal(load(place, &mark), 2);
	assert_int_equal(mark.version, 2);
	assert_int_equal(mark.applied.wall_s, 1002);
	assert_int_equal(mark.applied.boot, 7);
	config = state_load_before(place->folder, &mark, &before);
	assert_non_null(config);
	assert_int_equal(before.version, 1);
	config_free(config);
	// What is saved then is found again, and counts on from there.
	keep(place, 7, 3);
	assert_int_equal(load(place, &mark), 7);
	assert_int_equal(mark.version, 3);
	run(place, "test $(ls history | wc -l) = 3");
}

static void what_could_not_be_read_again_takes_no_place(void **state)
{
	const struct place *place = *state;
	struct config *config = make(4);
	struct state_mark mark;
	struct error err;

	save(place, 3, 7);
	strcpy(config->pools[0].health.expect, "\x91"); // as a fault of the check would let through
	assert_int_equal(
		state_save(place->folder, config, 8, &(struct clock_stamp){1}, &err), -EIO);
	assert_non_null(strstr(err.text, "what was written cannot be read back: "));
	assert_non_null(strstr(err.text, "pools.yaml.new:"));
	// Or would be read as something else: the record cannot say it.
	memset(config->pools[0].health.expect, 0, sizeof(config->pools[0].health.expect));
	config->backends[0].weight = 7;
	config->backends[0].pool_index = 0;
	strcpy(config->pools[0].health.alpn, "a\tz"); // of a type that has no escapes
	assert_int_equal(
		state_save(place->folder, config, 8, &(struct clock_stamp){1}, &err), -EIO);
	config_free(config);
	assert_int_equal(load(place, &mark), 3);
	assert_int_equal(mark.version, 7);
	run(place, "test $(ls | wc -l) = 1");
}

static void no_link_of_a_stranger_is_followed(void **state)
{
	static const char *const names[] = {"pools.yaml", "pools.yaml.new", "pools.yaml.before",
		"pools.yaml.link", "pools.yaml.broken", "pools.yaml.left", "pools.yaml.left.new",
		"history"};
	const struct place *place = *state;
	struct config *config = make(2);
	struct state_mark mark;
	struct error err;

	for (uint32_t i = 0; i < config->backend_count; i++)
		config->backends[i].state = CONFIG_STATE_LEAVING;
	assert_int_equal(mkdir(place->folder, 0755), 0);
	run(place, "mkdir ../victim && cd ../victim && touch file && chmod 644 file");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char command[160];

		snprintf(command, sizeof(command), "ln -s ../victim%s %s",
			strcmp(names[i], "history") == 0 ? "" : "/file", names[i]);
		run(place, command);
	}
	assert_int_equal(load(place, &mark), -1);
	assert_null(state_take_left(place->folder));
	run(place, "ln -sfT ../victim/file pools.yaml && ln -sfT ../victim/file pools.yaml.left");
	save(place, 3, 1);
	save(place, 4, 2);
	assert_int_equal(state_save_left(place->folder, config, &err), 0);
	config_free(config);
	assert_true(history_keep(place->folder, &(struct history_entry){.version = 2}, &err) != 0);
	assert_int_equal(load(place, &mark), 4);
	run(place,
		"for f in pools.yaml pools.yaml.before pools.yaml.left; do test -f $f -a ! -L $f && "
		"test $(stat -c %a $f) = 600 || exit 1; done");
	run(place, "test $(ls ../victim | wc -l) = 1 -a ! -s ../victim/file && "
		   "test $(stat -c %a ../victim/file) = 644");
}

// Saves without end; writes a byte to 'began' after the first time.
static void run_writer(const struct place *place, int began)
{
	struct config *configs[4];

	for (uint32_t i = 0; i < 4; i++)
		configs[i] = make(200 * (i + 1));
	for (uint64_t version = 1;; version++) {
		if (state_save(place->folder, configs[version % 4], version,
			    &(struct clock_stamp){version}, NULL) != 0 ||
			(version == 1 && write(began, "", 1) != 1))
			_exit(1);
	}
}

static void killed_at_random_moments_it_leaves_a_whole_configuration(void **state)
{
	struct state_mark mark;
	int count;

	srand(2);
	save(*state, 200, 1);
	for (int i = 0; i < KILLS; i++) {
		struct timespec life = {.tv_nsec = rand() % 20000000};
		int began[2];
		pid_t writer;
		char byte;

		assert_int_equal(pipe(began), 0);
		writer = fork();
		if (writer == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			run_writer(*state, began[1]);
		}
		close(began[1]);
		assert_int_equal(read(began[0], &byte, 1), 1);
		close(began[0]);
		nanosleep(&life, NULL);
		assert_int_equal(kill(writer, SIGKILL), 0);
		waitpid(writer, NULL, 0);
		count = load(*state, &mark);
		assert_int_equal(count, 200 * (int)(mark.version % 4 + 1));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_that_cannot_be_made_is_told_by_name),
		TEST(no_folder_keeps_nothing),
		TEST(nothing_saved_is_nothing_loaded_and_version_0),
		TEST(what_was_saved_last_is_loaded_with_its_version),
		TEST(nobody_else_may_read_it),
		TEST(an_operators_own_file_is_loaded_too),
		TEST(the_one_before_is_found_beside_what_was_loaded),
		TEST(what_left_is_told_until_it_is_forgotten),
		TEST(a_broken_one_gives_way_to_the_one_before),
		TEST(two_broken_ones_are_none),
		TEST(all_versions_that_are_kept_are_tried_newest_first),
		TEST(what_could_not_be_read_again_takes_no_place),
		TEST(no_link_of_a_stranger_is_followed),
		TEST(killed_at_random_moments_it_leaves_a_whole_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
