// SPDX-License-Identifier: BSD-3-Clause
#include <channel/process.h>

#include <stdio.h>
#include <string.h>

bool process_is_stopped(uint32_t pid)
{
	char path[32], line[256], state = '?';
	const char *end = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(line, sizeof(line), file) != NULL)
		end = strrchr(line, ')'); // a name may have anything in it
	if (end != NULL && end[1] == ' ')
		state = end[2];
	fclose(file);
	return state == 'T' || state == 't';
}
