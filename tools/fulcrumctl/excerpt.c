// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "load.h"

#include <base/printable.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXCERPT_LINE_MAX 300 // characters; a longer line explains nothing to an eye

// Reads the place behind the path that the sentence begins with.
static bool excerpt_place(const char *path, const char *sentence, size_t *line, size_t *column)
{
	size_t skip = strlen(path);

	return strncmp(sentence, path, skip) == 0 &&
	       sscanf(sentence + skip, ":%zu:%zu:", line, column) == 2 && *line > 0 && *column > 0;
}

static bool excerpt_read_line(const char *path, size_t number, char **line)
{
	FILE *file = fopen(path, "r");
	size_t size = 0, at = 0;

	*line = NULL;
	if (file == NULL)
		return false;
	while (at < number && getline(line, &size, file) >= 0)
		at++;
	fclose(file);
	if (at == number)
		(*line)[strcspn(*line, "\r\n")] = '\0';
	return at == number && strlen(*line) <= EXCERPT_LINE_MAX;
}

// What stands before the column, as blanks: a tab stays one, and a character of several bytes is
// one.
static void excerpt_print_blanks(const char *line, size_t column)
{
	for (size_t at = 1; at < column && *line != '\0'; line++) {
		if (((unsigned char)*line & 0xc0) == 0x80)
			continue;
		fputc(*line == '\t' ? '\t' : ' ', stderr);
		at++;
	}
}

// A mark of byte order, which the places do not count.
static const char *excerpt_text(const char *line)
{
	return strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

// As it stands, but for what no terminal should see. Each character stays one, so that the mark
// below is in its place.
static void excerpt_print_line(const char *line)
{
	while (*line != '\0') {
		uint32_t code;
		size_t size = utf8_measure(line, SIZE_MAX, &code);

		if (size > 0 && (printable_is(code) || *line == '\t'))
			fwrite(line, 1, size, stderr);
		else
			fputc('?', stderr);
		line += size == 0 ? 1 : size;
	}
}

bool load_print_excerpt(const char *path, const char *sentence)
{
	bool colours = ctl_colours(STDERR_FILENO);
	size_t number, column;
	char *line = NULL;

	if (!excerpt_place(path, sentence, &number, &column))
		return false;
	if (excerpt_read_line(path, number, &line)) {
		fprintf(stderr, "%6zu | ", number);
		excerpt_print_line(excerpt_text(line));
		fprintf(stderr, "\n       | ");
		excerpt_print_blanks(excerpt_text(line), column);
		fprintf(stderr, "%s^%s\n", colours ? "\033[1;31m" : "", colours ? "\033[0m" : "");
	}
	free(line);
	return true;
}
