// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// Text from outside (certificates' names, banners, pages, a peer's words) before a terminal or a
// log sees it. Any thread.

// Bytes of the UTF-8 character at 'text', of which 'left' bytes are there, and its number; 0 where
// it is none, or one that RFC 3629 forbids. A text that ends with a zero needs no bound: SIZE_MAX.
size_t utf8_measure(const char *text, size_t left, uint32_t *code);

// What a file of ours may hold, in both directions: false for what YAML does not take (C0, DEL, C1,
// U+FFFE, U+FFFF) or does not give back as it was written (the separators of lines and paragraphs).
bool utf8_is_kept(uint32_t code);
// Whether all of 'text' is such UTF-8.
bool utf8_is_text(const char *text);

// False for what moves a cursor or ends a line, and for marks that turn the direction of a text
// round or hide in it: C0 and C1, separators of lines and paragraphs, bidirectional marks,
// characters without a width, tags.
bool printable_is(uint32_t code);

// Puts a '?' in the place of each character that is not printable, and of each byte that is no
// UTF-8. Returns 'text'.
char *printable_make(char *text);

// Prints what the format makes of its arguments, printable, and an end of line after it.
void printable_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Prints a text of several lines, whose ends and tabs stay.
void printable_lines(FILE *out, const char *text, size_t size);

#endif
