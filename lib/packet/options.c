// SPDX-License-Identifier: BSD-3-Clause
#include <packet/parse_private.h>

#define OPTION_END  0
#define OPTION_NOP  1
#define OPTION_LSRR 131 // loose source and record route
#define OPTION_SSRR 137 // strict

// RFC 791 3.1: type, length, pointer, addresses; the pointer counts from 1, and is past the length
// at the route's end.
#define ROUTE_POINTER_MIN 4

static bool take_route(const uint8_t *option, size_t size, bool *routed)
{
	if (size < ROUTE_POINTER_MIN - 1 || option[2] < ROUTE_POINTER_MIN)
		return false;
	*routed |= option[2] <= size;
	return true;
}

bool ipv4_walk_options(const uint8_t *options, size_t size, bool *routed)
{
	size_t at = 0;

	*routed = false;
	while (at < size && options[at] != OPTION_END) {
		size_t length = 1;

		if (options[at] != OPTION_NOP) {
			if (size - at < 2 || options[at + 1] < 2 || options[at + 1] > size - at)
				return false;
			length = options[at + 1];
		}
		if ((options[at] == OPTION_LSRR || options[at] == OPTION_SSRR) &&
			!take_route(options + at, length, routed))
			return false;
		at += length;
	}
	return true;
}
