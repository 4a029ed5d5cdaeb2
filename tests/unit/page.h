// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_PAGE_H
#define UNIT_PAGE_H

#include <stdio.h>

// The main of a program that makes a reference page from the source:
//   PROGRAM FILE          compares FILE with what the page should be
//   PROGRAM --write FILE  writes it
// 'write_page' returns non-zero when the page cannot be made, and says why. 'source' is what it is
// made from.
int page_main(int argc, char **argv, const char *source, int (*write_page)(FILE *out));

#endif
