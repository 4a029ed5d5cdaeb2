// SPDX-License-Identifier: BSD-3-Clause
#include <usage/usage.h>

#include <string.h>

#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

// How many letters are to be put in, taken out, changed or swapped with the next one.
static size_t distance(const char *a, const char *b)
{
	size_t before[WORD_MAX + 1], row[WORD_MAX + 1], next[WORD_MAX + 1];
	size_t length = strlen(b);

	if (strlen(a) > WORD_MAX || length > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= length; j++)
		before[j] = row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		next[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			next[j + 1] = least(
				least(row[j + 1], next[j]) + 1, row[j] + (a[i] != b[j] ? 1 : 0));
			if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
				next[j + 1] = least(next[j + 1], before[j - 1] + 1);
		}
		memcpy(before, row, sizeof(before));
		memcpy(row, next, (length + 1) * sizeof(*row));
	}
	return row[length];
}

const char *usage_suggest(const char *word, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t best = strlen(word) < 6 ? 1 : strlen(word) / 3; // more than that is another word

	for (size_t i = 0; i < count; i++) {
		size_t far = distance(word, words[i]);

		if (far <= best && far < strlen(words[i]) &&
			(nearest == NULL || far < distance(word, nearest)))
			nearest = words[i];
	}
	for (size_t i = 0; i < count && nearest == NULL && word[0] != '\0'; i++)
		if (strncmp(word, words[i], strlen(word)) == 0)
			nearest = words[i];
	return nearest;
}

const char *usage_explain(const char *what, const char *word, const char *const *words,
	size_t count, char *text, size_t size)
{
	const char *nearest = usage_suggest(word, words, count);
	size_t used;

	snprintf(text, size, "%s '%s'%s%s%s%s", what, word,
		nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "'?" : "",
		count > 0 ? (nearest != NULL ? " There are: " : "; there are: ") : "");
	for (size_t i = 0; i < count; i++) {
		used = strlen(text);
		snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	return text;
}
