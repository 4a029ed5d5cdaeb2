// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Text from outside (certificates' names, banners, pages, a peer's words) before a terminal or a log sees it. Any thread.

// Bytes of the UTF-8 character at 'text', and its number; 0 where it is none, or one that RFC 3629 forbids.
size_t utf8_measure(const char *text, uint32_t *code);

// False for what moves a cursor or ends a line, and for marks that turn the direction of a text round or hide in it:
// C0 and C1, separators of lines and paragraphs, bidirectional marks, characters without a width, tags.
bool printable_is(uint32_t code);

// Puts a '?' in the place of each character that is not printable, and of each byte that is no UTF-8. Returns 'text'.
char *printable_make(char *text);

#endif
