// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_LINKS_H
#define FULCRUM_BACKEND_LINKS_H

#include <base/error.h>

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

// The agent's place among the filters of an interface: ours carry this priority and handle, and
// nothing that carries another is ever touched.
#define LINKS_PRIORITY 1961
#define LINKS_HANDLE   0xf1c

enum link_side { LINK_IN, LINK_OUT };

// One of the two programs, loaded.
struct link_program {
	int fd;
	uint32_t id;
};

// The id of the program that stands in our place, 0 when there is none.
uint32_t link_query(const struct fb_link *link, enum link_side side);

// Puts a program in our place, over the one that stands there, without a moment between them; makes
// the clsact when there is none and notes that in 'link'.
int link_attach(struct fb_link *link, enum link_side side, const struct link_program *program,
	struct error *err);

// Empties our place if the program in it is 'id', or any when 'id' is 0. 0 also when it was empty.
int link_detach(const struct fb_link *link, enum link_side side, uint32_t id, struct error *err);

// Takes away the clsact that link_attach() made, unless others use it by now.
void link_remove_clsact(struct fb_link *link);

#endif
