// SPDX-License-Identifier: BSD-3-Clause
#include <base/printable.h>
#include <config/tree_private.h>

static bool is_tab_indented(const char *p, size_t left)
{
	size_t spaces = 0;

	while (spaces < left && p[spaces] == ' ')
		spaces++;
	return spaces < left && p[spaces] == '\t';
}

// A file has lines and tabs beside what its texts may hold.
static bool is_of_file(uint32_t code)
{
	return code == '\n' || code == '\r' || code == '\t' || utf8_is_kept(code);
}

bool tree_check_text(uint32_t file, const char *text, size_t size, struct findings *findings)
{
	struct place place = {1, 1, file};

	for (size_t i = 0; i < size;) {
		uint32_t code;
		size_t length = utf8_measure(text + i, size - i, &code);

		if (length == 0) {
			findings_add(findings, place,
				"the byte 0x%02x is not UTF-8: save the file as UTF-8",
				(uint8_t)text[i]);
			return false;
		}
		if (!is_of_file(code)) {
			findings_add(findings, place,
				"the control character 0x%02x is no text: remove it", code);
			return false;
		}
		if (place.column == 1 && is_tab_indented(text + i, size - i)) {
			findings_add(findings, place, "a tab indents this line: use spaces");
			return false;
		}
		place.column++;
		if (code == '\n' || (code == '\r' && !(i + 1 < size && text[i + 1] == '\n')))
			place = (struct place){place.line + 1, 1, file};
		i += length;
	}
	return true;
}
