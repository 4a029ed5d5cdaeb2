// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <control/control_private.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// pools.yaml is what was committed last, pools.yaml.before what was before it.
struct paths {
	char now[DAEMON_PATH_SIZE + 32];
	char before[DAEMON_PATH_SIZE + 32];
	char fresh[DAEMON_PATH_SIZE + 32];
};

static void make_paths(const char *folder, struct paths *out)
{
	snprintf(out->now, sizeof(out->now), "%s/pools.yaml", folder);
	snprintf(out->before, sizeof(out->before), "%s/pools.yaml.before", folder);
	snprintf(out->fresh, sizeof(out->fresh), "%s/pools.yaml.new", folder);
}

static int write_file(const char *path, const struct config *config)
{
	FILE *file = fopen(path, "we");
	int rc;

	if (file == NULL)
		return -errno;
	rc = fchmod(fileno(file), 0600) != 0 ? -errno : 0; // it holds the hash key
	if (rc == 0)
		rc = config_write(config, file);
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

int control_save_state(struct control *control, struct error *err)
{
	const char *folder = control->config.daemon->state;
	struct paths paths;
	int rc;

	if (folder[0] == '\0')
		return 0;
	make_paths(folder, &paths);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	rc = write_file(paths.fresh, control->running);
	if (rc == 0) {
		unlink(paths.before);
		if (link(paths.now, paths.before) != 0 && errno != ENOENT)
			rc = -errno;
	}
	if (rc == 0 && rename(paths.fresh, paths.now) != 0)
		rc = -errno;
	if (rc == 0)
		rc = sync_folder(folder);
	return rc == 0 ? 0 : error_set(err, -rc, "%s: %s", paths.now, strerror(-rc));
}

struct config *control_load_state(struct control *control)
{
	const char *folder = control->config.daemon->state;
	struct config *config = NULL;
	struct paths paths;
	struct error err;

	if (folder[0] == '\0')
		return NULL;
	make_paths(folder, &paths);
	for (int i = 0; i < 2 && config == NULL; i++) {
		const char *path = i == 0 ? paths.now : paths.before;

		if (access(path, F_OK) != 0)
			continue;
		if (config_load_file(path, &config, NULL, NULL, &err) == 0)
			log_info("state: %s: %u services, %u backends", path, config->service_count,
				config->backend_count);
		else
			log_error("state: %s", err.text);
	}
	return config;
}
