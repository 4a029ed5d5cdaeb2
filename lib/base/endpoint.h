// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <base/addr.h>

// An address and a port, as one writes them together. Any thread.
struct endpoint {
	struct addr address;
	uint16_t port;
};

#define ENDPOINT_TEXT_SIZE (ADDR_TEXT_SIZE + 8)

// "198.51.100.7:443" or "[2001:db8::7]:443": 0, or -EINVAL; '*out' is then as it was.
int endpoint_parse(const char *text, struct endpoint *out);
// 'size' at least ENDPOINT_TEXT_SIZE. Returns 'text'.
const char *endpoint_format(const struct endpoint *endpoint, char *text, size_t size);

#endif
