// SPDX-License-Identifier: BSD-3-Clause
#include "ask.h"

#include <base/printable.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool ask_yes(const char *question)
{
	char answer[16];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	printable_lines(stderr, question, strlen(question));
	fputs(" [y/N] ", stderr);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}
