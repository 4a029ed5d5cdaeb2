// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_FILTER_H
#define FULCRUMCTL_FILTER_H

#include "session.h"
#include "view.h"

// Which rows of a view are shown, and in which order. The rows come whole from the daemon; what is
// left out is left out here, of tables and of JSON alike.

#define FILTER_NAMES_MAX 256u

struct filter {
	const char *names[FILTER_NAMES_MAX]; // "web-1", "web/web-1", "web-*"
	uint32_t name_count;
	const char *pool; // NULL: any
	const char *service;
	const char *state;
	const char *sort; // a column's key or title; NULL: as they come
	bool is_reversed;
};

bool filter_is_set(const struct filter *filter);
// Ends the process with a usage error where the view has no such column or state.
void filter_check(
	const struct filter *filter, const struct view *view, const struct argp_state *state);
// Leaves in 'rows' those that are to be shown, in their order. May ask the daemon for the services.
// Returns the exit status; a name that is not there is an error.
int filter_apply(const struct filter *filter, const struct view *view, struct session *session,
	struct rows *rows);

// The name of a row, as --complete offers it and filters take it: "web-1".
const struct column *filter_name_column(const struct view *view);

// All rows of a view. Returns the exit status.
int filter_fetch(struct session *session, const struct view *view, bool all, struct rows *rows);

#endif
