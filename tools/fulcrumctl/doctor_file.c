// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_checks.h"

#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void doctor_check_file(struct doctor *doctor)
{
	if (doctor->has_config) {
		doctor_ok(doctor, "%s is right", doctor->file);
	} else if (doctor->file_error[0] != '\0') {
		doctor_wrong(doctor, "%s", doctor->file_error);
		doctor_mend(doctor, "fulcrumd -c %s --check", doctor->file);
	} else {
		doctor_unknown(doctor, "%s is not there", doctor->file);
		doctor_mend(doctor,
			"apt-get install --reinstall -o Dpkg::Options::=--force-confmiss fulcrum");
	}
}

// The machine's own way to find users asks more than a file; a test's machine has the file alone.
static bool find_user(const struct doctor *doctor, uid_t *uid, gid_t *gid)
{
	const struct passwd *found = NULL;
	char path[DOCTOR_PATH_SIZE];
	FILE *file;

	*uid = *gid = 0;
	if (doctor->config.user[0] == '\0')
		return true;
	if (doctor->root[0] == '\0') {
		found = getpwnam(doctor->config.user);
	} else {
		doctor_path(doctor, path, "/etc/passwd");
		file = fopen(path, "re");
		while (file != NULL && (found = fgetpwent(file)) != NULL &&
			strcmp(found->pw_name, doctor->config.user) != 0)
			;
		if (file != NULL)
			fclose(file);
	}
	if (found == NULL)
		return false;
	*uid = found->pw_uid;
	*gid = found->pw_gid;
	return true;
}

void doctor_check_user(struct doctor *doctor)
{
	const char *user = doctor->config.user;
	uid_t uid;
	gid_t gid;

	if (user[0] == '\0') {
		doctor_ok(doctor, "none is named: it stays who started it");
	} else if (find_user(doctor, &uid, &gid)) {
		doctor_ok(doctor, "%s exists", user);
	} else {
		doctor_wrong(doctor, "there is no user '%s'", user);
		doctor_mend(
			doctor, "useradd --system --user-group --shell /usr/sbin/nologin %s", user);
	}
}

static bool may_write(const struct stat *folder, uid_t uid, gid_t gid)
{
	mode_t wanted = S_IWOTH | S_IXOTH;

	if (uid == 0)
		return true;
	if (folder->st_uid == uid)
		wanted = S_IWUSR | S_IXUSR;
	else if (folder->st_gid == gid)
		wanted = S_IWGRP | S_IXGRP;
	return (folder->st_mode & wanted) == wanted;
}

static void check_folder(struct doctor *doctor, const char *folder)
{
	const char *user = doctor->config.user[0] != '\0' ? doctor->config.user : "root";
	char path[DOCTOR_PATH_SIZE];
	struct stat about;
	uid_t uid;
	gid_t gid;

	doctor_path(doctor, path, "%s", folder);
	if (!find_user(doctor, &uid, &gid)) {
		doctor_unknown(doctor, "%s: there is no user '%s'", folder, user);
	} else if (stat(path, &about) != 0 && errno != ENOENT && errno != ENOTDIR) {
		doctor_unknown(doctor, "%s: %s", folder, strerror(errno));
	} else if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)) {
		doctor_wrong(doctor, "%s is no folder", folder);
		doctor_mend(doctor, "install -d -o %s -g %s -m 0750 %s", user, user, folder);
	} else if (!may_write(&about, uid, gid)) {
		doctor_wrong(doctor, "%s cannot write in %s", user, folder);
		doctor_mend(
			doctor, "chown -R %s:%s %s && chmod u+rwx %s", user, user, folder, folder);
	} else {
		doctor_ok(doctor, "%s is %s's to write", folder, user);
	}
}

static void check_late(struct doctor *doctor)
{
	doctor_wrong(doctor, "nothing has been written to %s for %u s", doctor->config.state,
		doctor->daemon.state_late_s);
	doctor_mend(doctor, "journalctl -k -n 50; df $(dirname %s)", doctor->config.state);
}

void doctor_check_state(struct doctor *doctor)
{
	if (doctor->config.state[0] == '\0')
		doctor_ok(doctor, "nothing is kept: 'state' is empty");
	else if (doctor->has_daemon && doctor->daemon.state_late_s > 0) // not to hang there, too
		check_late(doctor);
	else
		check_folder(doctor, doctor->config.state);
}

void doctor_check_channel(struct doctor *doctor)
{
	char path[DAEMON_PATH_SIZE];

	memcpy(path, doctor->config.channel, sizeof(path));
	check_folder(doctor, dirname(path));
}
