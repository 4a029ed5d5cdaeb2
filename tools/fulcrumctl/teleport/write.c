// SPDX-License-Identifier: BSD-3-Clause
#include "render.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define BACKENDS  "backends"

struct writer {
	const struct render *render;
	const char *folder;
	bool force;
	config_report_fn *report;
	void *context;
	struct error *err;
};

enum there { THERE_NOT, THERE_SAME, THERE_OURS, THERE_FOREIGN };

static const char *path_of(
	const struct writer *writer, const char *name, const char *suffix, char *path)
{
	snprintf(path, PATH_SIZE, "%s/%s%s", writer->folder, name, suffix);
	return path;
}

static void tell(const struct writer *writer, const char *what, const char *path)
{
	char line[PATH_SIZE + 32];

	snprintf(line, sizeof(line), "%-8s %s", what, path);
	writer->report(writer->context, line);
}

static int fail(const struct writer *writer, const char *path)
{
	int code = errno;

	return error_set(writer->err, code, "%s: %s", path, strerror(code));
}

static bool first_line_has_mark(FILE *file)
{
	char line[256];

	return fgets(line, sizeof(line), file) != NULL && strstr(line, RENDER_MARK) != NULL;
}

// Whether the file holds exactly this text. Reads on from its start.
static bool is_same(FILE *file, const struct render_file *wanted)
{
	char *text = malloc(wanted->size + 1);
	bool same;

	rewind(file);
	same = text != NULL && fread(text, 1, wanted->size + 1, file) == wanted->size &&
	       memcmp(text, wanted->text, wanted->size) == 0;
	free(text);
	return same;
}

// 'wanted' may be NULL. What is no plain file is somebody else's.
static enum there look(const char *path, const struct render_file *wanted)
{
	enum there there = THERE_FOREIGN;
	struct stat status;
	FILE *file;

	if (lstat(path, &status) != 0)
		return errno == ENOENT || errno == ENOTDIR ? THERE_NOT : THERE_FOREIGN;
	file = S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;
	if (file == NULL)
		return THERE_FOREIGN;
	if (wanted != NULL && is_same(file, wanted) && (status.st_mode & 0777) == wanted->mode)
		there = THERE_SAME;
	else if (rewind(file), first_line_has_mark(file))
		there = THERE_OURS;
	fclose(file);
	return there;
}

static int make_folder(const struct writer *writer, const char *path)
{
	struct stat status;

	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	return fail(writer, path);
}

static int check_foreign(const struct writer *writer)
{
	char path[PATH_SIZE];

	for (size_t i = 0; i < writer->render->count; i++) {
		path_of(writer, writer->render->files[i].path, "", path);
		if (look(path, &writer->render->files[i]) == THERE_FOREIGN)
			return error_set(writer->err, EEXIST,
				"%s is there and was not made by render: nothing was written; --force overwrites it",
				path);
	}
	return 0;
}

static int write_beside(const struct writer *writer, const struct render_file *file)
{
	char path[PATH_SIZE];
	FILE *out;
	int fd;

	path_of(writer, file->path, ".new", path);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (out == NULL)
		return fail(writer, path);
	fwrite(file->text, 1, file->size, out);
	if (fflush(out) != 0 || fchmod(fd, file->mode) != 0 || fsync(fd) != 0) {
		int rc = fail(writer, path);

		fclose(out);
		return rc;
	}
	return fclose(out) == 0 ? 0 : fail(writer, path);
}

static int write_all_beside(const struct writer *writer)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < writer->render->count; i++)
		rc = write_beside(writer, &writer->render->files[i]);
	return rc;
}

static void remove_beside(const struct writer *writer)
{
	char path[PATH_SIZE];

	for (size_t i = 0; i < writer->render->count; i++)
		unlink(path_of(writer, writer->render->files[i].path, ".new", path));
}

static int move_in(const struct writer *writer, const struct render_file *file)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	enum there there;

	path_of(writer, file->path, ".new", from);
	path_of(writer, file->path, "", to);
	there = look(to, file);
	if (there == THERE_SAME)
		return unlink(from) == 0 ? 0 : fail(writer, from);
	if (rename(from, to) != 0)
		return fail(writer, to);
	tell(writer, there == THERE_NOT ? "new" : "changed", to);
	return 0;
}

static bool is_made(const struct writer *writer, const char *name)
{
	for (size_t i = 0; i < writer->render->count; i++)
		if (strcmp(writer->render->files[i].path, name) == 0)
			return true;
	return false;
}

// The files of instances that are no more.
static int remove_stale(const struct writer *writer)
{
	char folder[PATH_SIZE], path[PATH_SIZE], name[sizeof(((struct dirent *)0)->d_name) + 16];
	DIR *dir = opendir(path_of(writer, BACKENDS, "", folder));
	struct dirent *entry;
	int rc = 0;

	if (dir == NULL)
		return fail(writer, folder);
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), BACKENDS "/%s", entry->d_name);
		path_of(writer, name, "", path);
		if (is_made(writer, name) || look(path, NULL) != THERE_OURS)
			continue;
		if (unlink(path) == 0)
			tell(writer, "removed", path);
		else
			rc = fail(writer, path);
	}
	closedir(dir);
	return rc;
}

int render_write(const struct render *render, const char *folder, bool force,
	config_report_fn *report, void *context, struct error *err)
{
	struct writer writer = {render, folder, force, report, context, err};
	char path[PATH_SIZE];
	int rc;

	if (strlen(folder) > PATH_SIZE - RENDER_PATH_SIZE - 300)
		return error_set(err, ENAMETOOLONG, "the folder's name is too long");
	rc = force ? 0 : check_foreign(&writer);
	if (rc == 0)
		rc = make_folder(&writer, folder);
	if (rc == 0)
		rc = make_folder(&writer, path_of(&writer, BACKENDS, "", path));
	if (rc != 0)
		return rc;
	rc = write_all_beside(&writer);
	for (size_t i = 0; rc == 0 && i < render->count; i++)
		rc = move_in(&writer, &render->files[i]);
	if (rc != 0)
		remove_beside(&writer);
	return rc != 0 ? rc : remove_stale(&writer);
}
