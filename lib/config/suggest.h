// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stdint.h>

// Finds the known word that a mistyped one was most likely meant to be. Any thread.
struct suggest {
	const char *wanted;
	const char *best; // NULL: none is near
	uint32_t distance; // what a better one must stay below
};

struct suggest suggest_for(const char *wanted);
void suggest_offer(struct suggest *suggest, const char *known);

#endif
