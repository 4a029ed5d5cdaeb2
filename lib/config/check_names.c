// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>

#include <stdlib.h>
#include <string.h>

struct naming {
	const struct config *config;
	enum record_kind kind;
};

static const char *name_of(const struct naming *naming, uint32_t index)
{
	switch (naming->kind) {
	case RECORD_SERVICE:
		return naming->config->services[index].name;
	case RECORD_POOL:
		return naming->config->pools[index].name;
	default:
		return naming->config->backends[index].name;
	}
}

static int by_name(const void *left, const void *right, void *naming)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = strcmp(name_of(naming, a), name_of(naming, b));

	return order != 0 ? order : check_compare(a, b);
}

bool check_names(struct check *check, enum record_kind kind, uint32_t *order, uint32_t count)
{
	struct naming naming = {check->config, kind};
	char line[CHECK_LINE_SIZE];
	uint32_t first = 0;
	bool clash = false;

	qsort_r(order, count, sizeof(*order), by_name, &naming);
	for (uint32_t i = 1; i < count; i++) {
		const char *name = name_of(&naming, order[i]);

		if (strcmp(name, name_of(&naming, order[first])) != 0) {
			first = i;
			continue;
		}
		clash = true;
		if (name[0] != '\0')
			check_fail(check, kind, order[i], "name", " is named twice%s",
				check_line(check, "first at ", kind, order[first], "name", line));
	}
	return clash;
}
