// SPDX-License-Identifier: BSD-3-Clause
#include <store/health_line.h>

#include <stdlib.h>
#include <string.h>

void health_line_write(const struct health_line *line, FILE *file)
{
	const char *word = line->ramp_s != 0 ? "ramp" : line->is_up ? "up" : "down";
	uint32_t number = line->ramp_s != 0 ? line->ramp_s : line->port;

	fprintf(file, "%s %s", word, line->name);
	if (number != 0)
		fprintf(file, " %u", number);
	fputc('\n', file);
}

// False where it is too long, has no end or holds a zero; then all of it is read.
static bool line_read_whole(FILE *file, char text[HEALTH_LINE_SIZE])
{
	uint32_t size = 0;
	bool is_whole = true;
	int byte;

	while ((byte = fgetc(file)) != EOF && byte != '\n') {
		is_whole = is_whole && byte != '\0' && size + 1 < HEALTH_LINE_SIZE;
		if (is_whole)
			text[size++] = (char)byte;
	}
	text[size] = '\0';
	return is_whole && byte == '\n';
}

static bool line_take_number(const char *text, uint16_t *out)
{
	size_t digits = strspn(text, "0123456789");
	int number = digits <= 5 ? atoi(text) : 0;

	*out = (uint16_t)number;
	return text[0] != '0' && digits > 0 && text[digits] == '\0' && number <= UINT16_MAX &&
	       number > 0;
}

static bool line_take(char *text, struct health_line *out)
{
	char *rest = text;
	const char *word = strsep(&rest, " "), *name = strsep(&rest, " ");
	bool is_up = strcmp(word, "up") == 0, is_ramp = strcmp(word, "ramp") == 0;

	*out = (struct health_line){.is_up = is_up};
	if ((!is_up && !is_ramp && strcmp(word, "down") != 0) || name == NULL || name[0] == '\0' ||
		strlen(name) >= sizeof(out->name))
		return false;
	strcpy(out->name, name);
	if (is_ramp)
		return rest != NULL && line_take_number(rest, &out->ramp_s);
	return rest == NULL || line_take_number(rest, &out->port);
}

bool health_line_read(FILE *file, struct health_line *out)
{
	char text[HEALTH_LINE_SIZE];

	while (!feof(file) && !ferror(file))
		if (line_read_whole(file, text) && line_take(text, out))
			return true;
	return false;
}
