// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_FORMAT_H
#define FULCRUMCTL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

// Numbers as people read them, three digits of them. Each returns 'text'.
const char *format_count(uint64_t value, char *text, size_t size); // "999", "1.23k", "45.6M"
const char *format_bytes(uint64_t value, char *text, size_t size); // "999 B", "1.23 kB"
const char *format_age(uint64_t since_s, uint64_t now_s, char *text, size_t size); // "42s", "3h"

#endif
