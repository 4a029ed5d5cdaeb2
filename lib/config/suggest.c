// SPDX-License-Identifier: BSD-3-Clause
#include <config/suggest.h>

#include <stddef.h>
#include <string.h>

#define LENGTH_MAX 64

struct suggest suggest_for(const char *wanted)
{
	size_t length = strlen(wanted);

	// One slip in four characters is still a slip; of one or two characters anything could be
	// meant.
	return (struct suggest){wanted, NULL, length < 3 ? 0 : (uint32_t)(length / 4) + 2};
}

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t least = a < b ? a : b;

	return least < c ? least : c;
}

// Insertions, deletions, replacements and swaps of neighbours that make 'b' of 'a' (optimal string
// alignment).
static uint32_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	uint32_t rows[3][LENGTH_MAX + 1];
	uint32_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_size; j++)
		last[j] = (uint32_t)j;
	for (size_t i = 1; i <= a_size; i++) {
		uint32_t *swap = before;

		row[0] = (uint32_t)i;
		for (size_t j = 1; j <= b_size; j++) {
			row[j] = min3(
				row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = swap;
	}
	return last[b_size];
}

void suggest_offer(struct suggest *suggest, const char *known)
{
	size_t wanted_size = strlen(suggest->wanted);
	size_t known_size = strlen(known);
	uint32_t distance;

	if (wanted_size > LENGTH_MAX || known_size > LENGTH_MAX)
		return;
	distance = edit_distance(suggest->wanted, wanted_size, known, known_size);
	// An abbreviation: "prot", "addr".
	if (wanted_size >= 3 && strncmp(suggest->wanted, known, wanted_size) == 0 && distance > 2)
		distance = 2;
	if (distance < suggest->distance) {
		suggest->best = known;
		suggest->distance = distance;
	}
}
