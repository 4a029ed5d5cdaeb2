// SPDX-License-Identifier: BSD-3-Clause
#include "doctor.h"

#include <base/printable.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FILE "/etc/fulcrum/fulcrumd.yaml"

struct arguments {
	const char *file;
	const char *root;
	bool json;
};

static const struct argp_option options[] = {
	{"config", 'c', "FILE", 0, "The daemon's own file (default: " DEFAULT_FILE ")", 0},
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{"root", 'r', "DIR", 0, "Look at the machine whose files are below DIR: for tests", 0},
	{0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'c':
		arguments->file = value;
		return 0;
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		return 0;
	case 'r':
		arguments->root = value;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_doctor = {options, parse_option, NULL,
	"Looks whether this machine has what the daemon's file asks of it, and says what mends what is "
	"wrong. It changes nothing and needs no daemon; where one runs, it is asked about its ports.\v"
	"Exit status: 0 nothing is wrong, 1 something is, 2 for bad usage or a FILE that is not there.",
	0, 0, 0};

static void add(struct doctor *doctor, enum doctor_result result, const char *format, va_list args)
{
	struct doctor_row row = {.result = (uint8_t)result};

	snprintf(row.check, sizeof(row.check), "%s", doctor->check->name);
	vsnprintf(row.found, sizeof(row.found), format, args);
	printable_make(row.found);
	if (result != DOCTOR_OK)
		snprintf(row.why, sizeof(row.why), "%s", doctor->check->why);
	if (rows_add(&doctor->rows, &row, sizeof(row)) != 0)
		doctor->failed = true;
}

void doctor_ok(struct doctor *doctor, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(doctor, DOCTOR_OK, format, args);
	va_end(args);
}

void doctor_unknown(struct doctor *doctor, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(doctor, DOCTOR_UNKNOWN, format, args);
	va_end(args);
}

void doctor_wrong(struct doctor *doctor, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(doctor, DOCTOR_WRONG, format, args);
	va_end(args);
}

void doctor_mend(struct doctor *doctor, const char *format, ...)
{
	struct doctor_row *rows = (struct doctor_row *)doctor->rows.bytes;
	struct doctor_row *row = rows + doctor->rows.count - 1;
	va_list args;

	if (doctor->failed)
		return;
	va_start(args, format);
	vsnprintf(row->mend, sizeof(row->mend), format, args);
	printable_make(row->mend);
	va_end(args);
}

void doctor_mend_at_boot(struct doctor *doctor, const char *arguments)
{
	doctor_mend(doctor,
		"sed -i 's/^GRUB_CMDLINE_LINUX=\"/&%s /' /etc/default/grub && update-grub && reboot",
		arguments);
}

// The daemon's file may be missing where nobody named it.
static int load_file(struct doctor *doctor, const struct arguments *arguments, char *path)
{
	struct error err;
	int rc;

	doctor_path(doctor, path, "%s", DEFAULT_FILE);
	doctor->file = arguments->file != NULL ? arguments->file : path;
	if (access(doctor->file, F_OK) != 0 && arguments->file == NULL)
		return CTL_OK;
	rc = daemon_config_load(doctor->file, &doctor->config, &err);
	if (rc == -EIO && arguments->file != NULL)
		return ctl_fail(CTL_BAD_INPUT, "%s", err.text);
	doctor->has_config = rc == 0;
	if (rc != 0)
		snprintf(doctor->file_error, sizeof(doctor->file_error), "%s", err.text);
	return CTL_OK;
}

static void look(struct doctor *doctor)
{
	for (doctor->check = doctor_checks; doctor->check->name != NULL; doctor->check++) {
		if (doctor->check->wants == DOCTOR_FILE && !doctor->has_config)
			doctor_unknown(doctor, "it takes the daemon's file to tell");
		else if (doctor->check->wants == DOCTOR_DAEMON && !doctor->has_daemon)
			doctor_unknown(doctor, "it takes a running daemon to tell");
		else
			doctor->check->run(doctor);
	}
}

static void print_row(const struct doctor_row *row)
{
	static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
	bool colour = ctl_colours(STDOUT_FILENO);

	printf("%s%-11s%s  %-16s  %s\n", colour ? colours[row->result] : "",
		view_doctor_result(row->result), colour ? "\033[0m" : "", row->check, row->found);
	if (row->result == DOCTOR_WRONG)
		printf("%13swhy   %s\n", "", row->why);
	if (row->mend[0] != '\0')
		printf("%13smend  %s\n", "", row->mend);
}

static int report(const struct doctor *doctor, bool json)
{
	const struct doctor_row *rows = (const struct doctor_row *)doctor->rows.bytes;
	size_t count[DOCTOR_WRONG + 1] = {0};
	int status = CTL_OK;

	if (doctor->failed)
		return ctl_fail(CTL_FAILED, "out of memory");
	for (size_t i = 0; i < doctor->rows.count; i++) {
		count[rows[i].result]++;
		if (!json)
			print_row(&rows[i]);
	}
	if (json)
		status = view_print_json(json_pack("{s:b, s:o}", "ok", count[DOCTOR_WRONG] == 0,
			"checks", view_json_rows(&view_doctor, &doctor->rows)));
	else
		printf("%zu ok, %zu wrong, %zu cannot be told\n", count[DOCTOR_OK],
			count[DOCTOR_WRONG], count[DOCTOR_UNKNOWN]);
	return status != CTL_OK ? status : count[DOCTOR_WRONG] > 0 ? CTL_FAILED : CTL_OK;
}

int command_doctor(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {.root = ""};
	static struct doctor doctor;
	char path[DOCTOR_PATH_SIZE];
	int status;

	ctl_parse(&argp_doctor, argc, argv, &arguments);
	doctor.root = arguments.root;
	status = load_file(&doctor, &arguments, path);
	if (status != CTL_OK)
		return status;
	doctor_ask(&doctor, ctl);
	look(&doctor);
	status = report(&doctor, arguments.json);
	rows_free(&doctor.rows);
	rows_free(&doctor.ports);
	return status;
}
