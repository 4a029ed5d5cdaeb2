// SPDX-License-Identifier: BSD-3-Clause
#ifndef COMMIT_SELECTION_H
#define COMMIT_SELECTION_H

#include <base/error.h>
#include <channel/message.h>
#include <config/config.h>

// The backends that one change is about, as a client named them. Of the loop until a commit takes
// it over. A zeroed one is empty.

#define SELECTION_MAX 4096u // rows; one may stand for many backends

struct selection {
	struct message_backend_select *rows;
	uint32_t count;
	uint32_t room;
	int code; // why a row could not be taken, a positive errno; 0
};

void selection_add(struct selection *selection, const struct message_backend_select *row);
void selection_free(struct selection *selection); // leaves it empty

// Sets '*places', which the caller frees, to where the backends stand in 'config', each once and in
// its order. 0; or a negative errno with the sentence where a row stands for nobody, or for one of
// several.
int selection_resolve(const struct selection *selection, const struct config *config,
	uint32_t **places, uint32_t *count, struct error *err);

#endif
