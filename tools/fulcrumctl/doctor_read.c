// SPDX-License-Identifier: BSD-3-Clause
#include "doctor.h"

#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void doctor_path(const struct doctor *doctor, char path[DOCTOR_PATH_SIZE], const char *format, ...)
{
	int used = snprintf(path, DOCTOR_PATH_SIZE, "%s", doctor->root);
	va_list args;

	if (used >= DOCTOR_PATH_SIZE)
		return;
	va_start(args, format);
	vsnprintf(path + used, DOCTOR_PATH_SIZE - (size_t)used, format, args);
	va_end(args);
}

bool doctor_there(const struct doctor *doctor, const char *path)
{
	char whole[DOCTOR_PATH_SIZE];

	doctor_path(doctor, whole, "%s", path);
	return access(whole, F_OK) == 0;
}

bool doctor_read(const struct doctor *doctor, const char *path, char *text, size_t size)
{
	char whole[DOCTOR_PATH_SIZE];
	FILE *file;
	bool good;

	doctor_path(doctor, whole, "%s", path);
	file = fopen(whole, "re");
	text[0] = '\0';
	if (file == NULL)
		return false;
	good = fgets(text, (int)size, file) != NULL || !ferror(file);
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return good;
}

bool doctor_number(const struct doctor *doctor, const char *path, uint64_t *out)
{
	char text[32];
	char *end;

	if (!doctor_read(doctor, path, text, sizeof(text)))
		return false;
	*out = strtoull(text, &end, 10);
	return end != text;
}

bool doctor_link(const struct doctor *doctor, const char *path, char *name, size_t size)
{
	char whole[DOCTOR_PATH_SIZE];
	char target[DOCTOR_PATH_SIZE];
	ssize_t length;

	doctor_path(doctor, whole, "%s", path);
	length = readlink(whole, target, sizeof(target) - 1);
	name[0] = '\0';
	if (length < 0)
		return false;
	target[length] = '\0';
	snprintf(name, size, "%s", basename(target));
	return true;
}

bool doctor_cores(const struct doctor *doctor, const char *path, cpu_set_t *out)
{
	char text[4096];
	char *at = text, *end;

	CPU_ZERO(out);
	if (!doctor_read(doctor, path, text, sizeof(text)))
		return false;
	for (;;) {
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (end == at)
			return true;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < CPU_SETSIZE; first++)
			CPU_SET(first, out);
		if (*end != ',')
			return true;
		at = end + 1;
	}
}

const char *doctor_cores_text(const cpu_set_t *cores, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int first = 0, last; first < CPU_SETSIZE && used < size; first++) {
		if (!CPU_ISSET(first, cores))
			continue;
		for (last = first; last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cores);)
			last++;
		used += (size_t)snprintf(text + used, size - used,
			first == last ? "%s%d" : "%s%d-%d", used > 0 ? "," : "", first, last);
		first = last;
	}
	return text;
}
