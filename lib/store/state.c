// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <config/daemon.h>
#include <store/state.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_FORMAT "# version %lu, applied at %lu\n"
#define BOOT_FORMAT "# boot %lx, applied at %lu\n" // a line that earlier daemons did not write
#define END_MARK    "# end\n" // a file with the first mark and without this one was cut short

struct paths {
	char now[DAEMON_PATH_SIZE + 32];
	char fresh[DAEMON_PATH_SIZE + 32]; // becomes 'now'
	char before[DAEMON_PATH_SIZE + 32];
	char link[DAEMON_PATH_SIZE + 32]; // becomes 'before'
	char broken[DAEMON_PATH_SIZE + 32];
	char left[DAEMON_PATH_SIZE + 32];
};

static void make_paths(const char *folder, struct paths *out)
{
	snprintf(out->now, sizeof(out->now), "%s/pools.yaml", folder);
	snprintf(out->fresh, sizeof(out->fresh), "%s/pools.yaml.new", folder);
	snprintf(out->before, sizeof(out->before), "%s/pools.yaml.before", folder);
	snprintf(out->link, sizeof(out->link), "%s/pools.yaml.link", folder);
	snprintf(out->broken, sizeof(out->broken), "%s/pools.yaml.broken", folder);
	snprintf(out->left, sizeof(out->left), "%s/pools.yaml.left", folder);
}

// What is written of a configuration, and how it is read back.
struct contents {
	int (*write)(const struct config *config, FILE *out);
	int (*load)(const char *path, struct config **out, struct error *err);
};

static const struct contents whole = {config_write, config_load_written};
static const struct contents leaving = {config_write_leaving, config_load_leaving};

static int write_file(const char *path, const struct contents *contents,
	const struct config *config, uint64_t version, const struct clock_stamp *applied)
{
	FILE *file = fopen(path, "we");
	int rc;

	if (file == NULL)
		return -errno;
	rc = fchmod(fileno(file), 0600) != 0 ? -errno : 0; // it holds the hash key
	if (rc == 0)
		fprintf(file, MARK_FORMAT BOOT_FORMAT, version, applied->wall_s, applied->boot,
			applied->boot_s);
	if (rc == 0)
		rc = contents->write(config, file);
	if (rc == 0)
		fputs(END_MARK, file);
	if (rc == 0 && (fflush(file) != 0 || fsync(fileno(file)) != 0))
		rc = -errno;
	if (fclose(file) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = fsync(fd) != 0 ? -errno : 0;
	close(fd);
	return rc;
}

// A second name for what is there now. Not every file system has links: then there is none before.
static void keep_before(const struct paths *paths)
{
	unlink(paths->link);
	if (link(paths->now, paths->link) == 0 && rename(paths->link, paths->before) != 0)
		log_warning("state: %s: %s", paths->before, strerror(errno));
	unlink(paths->link); // it stays where both were the same file already
}

int state_save(const char *folder, const struct config *config, uint64_t version,
	const struct clock_stamp *applied, struct error *err)
{
	struct paths paths;
	int rc;

	if (folder[0] == '\0')
		return 0;
	make_paths(folder, &paths);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	rc = write_file(paths.fresh, &whole, config, version, applied);
	if (rc == 0) {
		keep_before(&paths);
		rc = rename(paths.fresh, paths.now) != 0 ? -errno : sync_folder(folder);
	}
	if (rc != 0) {
		unlink(paths.fresh);
		return error_set(err, -rc, "%s: %s", paths.now, strerror(-rc));
	}
	return 0;
}

static bool has_end(FILE *file)
{
	char end[sizeof(END_MARK)] = "";

	return fseek(file, -(long)strlen(END_MARK), SEEK_END) == 0 &&
	       fread(end, 1, strlen(END_MARK), file) == strlen(END_MARK) &&
	       strcmp(end, END_MARK) == 0;
}

// An operator may have put a file without marks there; it counts as version 1. False: it was cut short.
static bool read_marks(const char *path, struct state_mark *mark)
{
	FILE *file = fopen(path, "re");
	bool is_whole;

	*mark = (struct state_mark){.version = 1};
	if (file == NULL)
		return true; // whoever loads it will say why
	if (fscanf(file, MARK_FORMAT, &mark->version, &mark->applied.wall_s) == 2) {
		if (fscanf(file, BOOT_FORMAT, &mark->applied.boot, &mark->applied.boot_s) != 2)
			mark->applied.boot = 0;
		is_whole = mark->version > 0 && has_end(file);
	} else {
		*mark = (struct state_mark){.version = 1};
		is_whole = fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0;
	}
	fclose(file);
	return is_whole;
}

static struct config *load_file(
	const char *path, const struct contents *contents, struct state_mark *mark)
{
	struct config *config;
	struct error err;

	if (!read_marks(path, mark)) {
		log_error("state: %s: it was cut short", path);
		return NULL;
	}
	if (contents->load(path, &config, &err) != 0) {
		log_error("state: %s", err.text);
		return NULL;
	}
	log_info("state: %s: version %lu, %u services, %u backends", path, mark->version,
		config->service_count, config->backend_count);
	return config;
}

// Told at the start, and not by the first apply or the next restart. One that is missing is made by the first apply.
static void check_folder(const char *folder)
{
	char inside[DAEMON_PATH_SIZE + 32];

	snprintf(inside, sizeof(inside), "%s/.", folder);
	if (access(inside, W_OK | X_OK) != 0 && errno != ENOENT)
		log_warning(
			"state: %s cannot be written: %s: a restart would find nothing of what is applied",
			folder, strerror(errno));
}

struct config *state_load(const char *folder, struct state_mark *mark)
{
	struct config *config = NULL;
	struct paths paths;
	bool was_there;

	*mark = (struct state_mark){0};
	if (folder[0] == '\0')
		return NULL;
	make_paths(folder, &paths);
	check_folder(folder);
	was_there = access(paths.now, F_OK) == 0;
	if (was_there) {
		config = load_file(paths.now, &whole, mark);
		if (config != NULL)
			return config;
		// Else the next save would make it the one before.
		if (rename(paths.now, paths.broken) != 0)
			log_warning("state: %s: %s", paths.broken, strerror(errno));
		else
			log_warning("state: it is kept as %s", paths.broken);
	}
	if (access(paths.before, F_OK) == 0)
		config = load_file(paths.before, &whole, mark);
	if (config == NULL)
		*mark = (struct state_mark){0};
	if (config == NULL && was_there)
		log_error(
			"state: nothing that was applied can be read: no service is served until an apply");
	return config;
}

struct config *state_load_before(
	const char *folder, const struct state_mark *loaded, struct state_mark *mark)
{
	struct config *config;
	struct paths paths;

	if (folder[0] == '\0' || loaded->version == 0)
		return NULL;
	make_paths(folder, &paths);
	if (access(paths.before, F_OK) != 0)
		return NULL;
	config = load_file(paths.before, &whole, mark);
	if (config == NULL || mark->version < loaded->version)
		return config;
	config_free(config); // the one that was loaded is it
	return NULL;
}

int state_save_left(const char *folder, const struct config *config, struct error *err)
{
	struct paths paths;
	int rc;

	make_paths(folder, &paths);
	rc = write_file(paths.left, &leaving, config, 1, &(struct clock_stamp){0});
	if (rc == 0)
		return 0;
	unlink(paths.left);
	return error_set(err, -rc, "%s: %s", paths.left, strerror(-rc));
}

void state_forget_left(const char *folder)
{
	struct paths paths;

	make_paths(folder, &paths);
	unlink(paths.left);
}

struct config *state_take_left(const char *folder)
{
	struct config *config = NULL;
	struct state_mark mark;
	struct paths paths;

	if (folder[0] == '\0')
		return NULL;
	make_paths(folder, &paths);
	if (access(paths.left, F_OK) != 0)
		return NULL;
	config = load_file(paths.left, &leaving, &mark);
	unlink(paths.left);
	return config;
}
