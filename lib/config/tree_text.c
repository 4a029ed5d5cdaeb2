// SPDX-License-Identifier: BSD-3-Clause
#include <config/tree_private.h>

// The length of the well-formed character at 'p' (RFC 3629 4), or 0.
static size_t utf8_length(const uint8_t *p, size_t left)
{
	size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (length > left || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	// Overlong forms, surrogates, and what is beyond U+10FFFF.
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

static bool is_tab_indented(const uint8_t *p, size_t left)
{
	size_t spaces = 0;

	while (spaces < left && p[spaces] == ' ')
		spaces++;
	return spaces < left && p[spaces] == '\t';
}

bool tree_check_text(uint32_t file, const char *text, size_t size, struct findings *findings)
{
	const uint8_t *p = (const uint8_t *)text;
	struct place place = {1, 1, file};

	for (size_t i = 0; i < size;) {
		size_t length = utf8_length(p + i, size - i);

		if (length == 0) {
			findings_add(findings, place,
				"the byte 0x%02x is not UTF-8: save the file as UTF-8", p[i]);
			return false;
		}
		if ((p[i] < 0x20 && p[i] != '\n' && p[i] != '\r' && p[i] != '\t') || p[i] == 0x7f) {
			findings_add(findings, place,
				"the control character 0x%02x is no text: remove it", p[i]);
			return false;
		}
		if (place.column == 1 && is_tab_indented(p + i, size - i)) {
			findings_add(findings, place, "a tab indents this line: use spaces");
			return false;
		}
		place.column++;
		if (p[i] == '\n' || (p[i] == '\r' && !(i + 1 < size && p[i + 1] == '\n')))
			place = (struct place){place.line + 1, 1, file};
		i += length;
	}
	return true;
}
