// SPDX-License-Identifier: BSD-3-Clause
#include <base/printable.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_measure(const char *text, size_t left, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)text;
	size_t size = at[0] < 0x80         ? 1
		      : at[0] >> 5 == 0x06 ? 2
		      : at[0] >> 4 == 0x0e ? 3
		      : at[0] >> 3 == 0x1e ? 4
					   : 0;

	if (size > left)
		return 0;
	*code = size < 2 ? at[0] : at[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if (at[i] >> 6 != 0x02) // the zero at the end is none, either
			return 0;
		*code = *code << 6 | (at[i] & 0x3fu);
	}
	if (size > 1 &&
		(*code < least[size] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff)))
		return 0;
	return size;
}

bool utf8_is_kept(uint32_t code)
{
	return code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && code != 0x2028 &&
	       code != 0x2029 && code != 0xfffe && code != 0xffff;
}

bool utf8_is_text(const char *text)
{
	while (*text != '\0') {
		uint32_t code;
		size_t size = utf8_measure(text, SIZE_MAX, &code);

		if (size == 0 || !utf8_is_kept(code))
			return false;
		text += size;
	}
	return true;
}

bool printable_is(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, // soft hyphen
		{0x061c, 0x061c}, // Arabic letter mark
		{0x180e, 0x180e},
		{0x200b, 0x200f}, // no width; left-to-right and right-to-left marks
		{0x2028, 0x202e}, // separators; embeddings and overrides
		{0x2060, 0x206f}, // joiners, isolates
		{0xfe00, 0xfe0f}, // variants
		{0xfeff, 0xfeff}, // byte order mark
		{0xfff9, 0xfffb}, {0xe0000, 0xe0fff}, // tags
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

char *printable_make(char *text)
{
	const char *from = text;
	char *to = text;

	while (*from != '\0') {
		uint32_t code;
		size_t size = utf8_measure(from, SIZE_MAX, &code);

		if (size == 0 || !printable_is(code)) {
			*to++ = '?';
			from += size == 0 ? 1 : size;
			continue;
		}
		memmove(to, from, size);
		to += size;
		from += size;
	}
	*to = '\0';
	return text;
}

void printable_line(FILE *out, const char *format, ...)
{
	va_list args;
	char *text;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0)
		return;
	fprintf(out, "%s\n", printable_make(text));
	free(text);
}

void printable_lines(FILE *out, const char *text, size_t size)
{
	while (size > 0) {
		uint32_t code;
		size_t some = utf8_measure(text, size, &code);
		bool is_shown = some > 0 && (printable_is(code) || *text == '\n' || *text == '\t');

		if (some == 0)
			some = 1;
		if (is_shown)
			fwrite(text, 1, some, out);
		else
			putc('?', out);
		text += some;
		size -= some;
	}
}
