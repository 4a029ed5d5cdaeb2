// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_BACKEND_H
#define FULCRUMCTL_BACKEND_H

#include "ctl.h"
#include "session.h"

// What 'fulcrumctl backend' shares: the change (backend.c), and the look at a drain
// (backend_watch.c).

#define BACKENDS_NAMED_MAX 1024u

// Tells every second what is left of the connections of those that are drained, until there is none
// or somebody ended the drain. Without names it is whom 'all' selects. Returns the exit status.
int backend_watch(const struct ctl *ctl, const char *const *names, uint32_t count,
	const struct message_backend_select *all);

// After a refusal: names on standard error what a word that is no backend was meant to be, where
// one is near.
void backend_hint(const struct ctl *ctl, const char *const *names, uint32_t count);

#endif
