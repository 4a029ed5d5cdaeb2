// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as the last known health: what is taken of them is what a daemon could have written,
// line by line.
#include <store/health_line.h>

#include "fuzz.h"

#include <string.h>

// The line as it is written stands in the file, from the beginning of a line to its end.
static void check_line(const struct health_line *line, const uint8_t *data, size_t size)
{
	char text[HEALTH_LINE_SIZE + 1] = "\n";
	FILE *out = fmemopen(text + 1, HEALTH_LINE_SIZE, "w");
	size_t length;

	FUZZ_ASSERT(out != NULL && line->name[0] != '\0');
	FUZZ_ASSERT(strnlen(line->name, sizeof(line->name)) < sizeof(line->name));
	health_line_write(line, out);
	FUZZ_ASSERT(fclose(out) == 0);
	length = strlen(text + 1);
	FUZZ_ASSERT(text[length] == '\n');
	FUZZ_ASSERT((length <= size && memcmp(data, text + 1, length) == 0) ||
		    memmem(data, size, text, length + 1) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size > 0 ? fmemopen((void *)data, size, "r") : NULL;
	struct health_line line;
	size_t lines = 0, ends = 0;

	if (file == NULL)
		return 0;
	for (size_t i = 0; i < size; i++)
		ends += data[i] == '\n';
	for (; health_line_read(file, &line); lines++)
		check_line(&line, data, size);
	FUZZ_ASSERT(lines <= ends);
	fclose(file);
	return 0;
}
