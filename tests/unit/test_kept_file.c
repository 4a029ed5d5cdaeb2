// SPDX-License-Identifier: BSD-3-Clause
#include <base/kept_file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

struct place {
	char parent[64];
	char folder[96];
	char victim[96];
};

static int enter(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	FILE *victim;

	strcpy(place->parent, "/tmp/fulcrum-kept-XXXXXX");
	assert_non_null(mkdtemp(place->parent));
	snprintf(place->folder, sizeof(place->folder), "%s/state", place->parent);
	snprintf(place->victim, sizeof(place->victim), "%s/victim", place->parent);
	assert_int_equal(mkdir(place->folder, 0755), 0);
	victim = fopen(place->victim, "w");
	fputs("mine\n", victim);
	assert_int_equal(fclose(victim), 0);
	assert_int_equal(chmod(place->victim, 0644), 0);
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

static void path_of(const struct place *place, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", place->folder, name);
}

static void plant(const struct place *place, const char *name, const char *target)
{
	char path[160];

	path_of(place, name, path, sizeof(path));
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static void assert_holds(const char *path, const char *text, mode_t mode)
{
	char bytes[64] = "";
	struct stat status;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, sizeof(bytes) - 1, file), strlen(text));
	fclose(file);
	assert_string_equal(bytes, text);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 07777, mode);
}

static int entries(const struct place *place)
{
	DIR *folder = opendir(place->folder);
	int count = -2; // "." and ".."

	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static int kept_put(const struct place *place, const char *text, enum kept_over over)
{
	struct kept_file kept;
	int rc = kept_file_begin(&kept, place->folder, "health", over);

	if (rc != 0)
		return rc;
	fputs(text, kept.file);
	return kept_file_commit(&kept);
}

// The file holds "old", and another is begun that is to hold 'text'.
static void put_old_and_begin(
	const struct place *place, struct kept_file *kept, const char *text, char path[160])
{
	path_of(place, "health", path, 160);
	assert_int_equal(kept_put(place, "old\n", KEPT_OVER_CRASHES), 0);
	assert_int_equal(kept_file_begin(kept, place->folder, "health", KEPT_OVER_CRASHES), 0);
	fputs(text, kept->file);
}

// It still does, and the other one is gone.
static void assert_old_is_left(const struct place *place, const char *path)
{
	assert_holds(path, "old\n", 0600);
	assert_int_equal(entries(place), 1);
}

static void a_folder_that_is_not_there_is_an_error_and_nothing_else(void **state)
{
	struct place nowhere = {.folder = "/nowhere/there"};

	assert_int_equal(kept_put(&nowhere, "x\n", KEPT_OVER_CRASHES), -ENOENT);
}

static void symbolic_links_at_its_names_are_replaced_and_not_followed(void **state)
{
	static const enum kept_over overs[] = {KEPT_OVER_PROCESSES, KEPT_OVER_CRASHES};
	const struct place *place = *state;
	const char *const targets[] = {place->victim, "/nowhere/there", ".", "health", "/dev/full"};
	char path[160];

	path_of(place, "health", path, sizeof(path));
	for (size_t i = 0; i < 2 * sizeof(targets) / sizeof(targets[0]); i++) {
		plant(place, "health", targets[i / 2]);
		plant(place, "health.new", targets[i / 2]);
		assert_int_equal(kept_put(place, "up web/a1\n", overs[i % 2]), 0);
		assert_holds(path, "up web/a1\n", 0600);
		assert_holds(place->victim, "mine\n", 0644);
		assert_int_equal(entries(place), 1);
	}
}

static void a_file_of_a_killed_process_is_in_nobodys_way(void **state)
{
	const struct place *place = *state;
	struct kept_file kept;
	char path[160];

	put_old_and_begin(place, &kept, "half", path);
	fclose(kept.file); // and it is killed
	close(kept.folder);
	assert_holds(path, "old\n", 0600);
	assert_int_equal(kept_put(place, "new\n", KEPT_OVER_CRASHES), 0);
	assert_holds(path, "new\n", 0600);
	assert_int_equal(entries(place), 1);
}

static void what_is_abandoned_leaves_what_was_there(void **state)
{
	const struct place *place = *state;
	struct kept_file kept;
	char path[160];

	put_old_and_begin(place, &kept, "new\n", path);
	assert_int_equal(kept_file_seal(&kept), 0);
	assert_holds(path, "old\n", 0600);
	kept_file_abandon(&kept);
	assert_old_is_left(place, path);
}

static void what_cannot_be_written_leaves_what_was_there(void **state)
{
	const struct place *place = *state;
	struct kept_file kept;
	char path[160];

	put_old_and_begin(place, &kept, "new\n", path);
	// The disk takes no more of it.
	assert_true(dup2(open("/dev/full", O_WRONLY | O_CLOEXEC), fileno(kept.file)) >= 0);
	assert_int_equal(kept_file_commit(&kept), -ENOSPC);
	assert_old_is_left(place, path);
}

static void only_a_regular_file_is_read(void **state)
{
	const struct place *place = *state;
	struct error err;
	char path[160];
	FILE *file;

	path_of(place, "health", path, sizeof(path));
	assert_null(kept_file_open(path, &err));
	assert_int_equal(errno, ENOENT);
	plant(place, "health", place->victim);
	assert_null(kept_file_open(path, &err));
	assert_int_equal(errno, ELOOP);
	assert_non_null(strstr(err.text, "/health: it is a symbolic link"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0); // nobody writes: it would wait for ever
	assert_null(kept_file_open(path, &err));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(err.text, "/health: it is no regular file"));
	assert_null(kept_file_open(place->folder, &err));
	unlink(path);
	assert_int_equal(kept_put(place, "old\n", KEPT_OVER_CRASHES), 0);
	file = kept_file_open(path, &err);
	assert_non_null(file);
	fclose(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_that_is_not_there_is_an_error_and_nothing_else),
		TEST(symbolic_links_at_its_names_are_replaced_and_not_followed),
		TEST(a_file_of_a_killed_process_is_in_nobodys_way),
		TEST(what_is_abandoned_leaves_what_was_there),
		TEST(what_cannot_be_written_leaves_what_was_there),
		TEST(only_a_regular_file_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
