// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stddef.h>
#include <stdint.h>

// Text with units, as operators write it, to numbers and back. Any thread. Each parser takes the
// whole text or nothing: 0, -EINVAL for what is no such thing, -ERANGE for what does not fit.

// "250ms", "3s", "10m", "1h", "2d": a whole number and one unit, which is required.
int parse_duration_ms(const char *text, uint64_t *out_ms);
// The shortest text that parse_duration_ms() reads back as 'ms'. Returns 'text'.
const char *format_duration_ms(uint64_t ms, char *text, size_t size);

// "4096", "64KiB", "512MiB", "2GiB".
int parse_size(const char *text, uint64_t *out_bytes);
const char *format_size(uint64_t bytes, char *text, size_t size);

// Decimal digits only: no sign, no space, no leading zero but "0" itself.
int parse_u64(const char *text, uint64_t *out);

// 2 * 'size' hexadecimal digits.
int parse_hex(const char *text, uint8_t *out, size_t size);

// The text itself, or the bytes that "0x0aff" stands for. Also -ERANGE for more than 'size' bytes.
int parse_bytes(const char *text, uint8_t *out, size_t size, size_t *out_size);

#endif
