// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_STATE_REQUEST_H
#define STORE_STATE_REQUEST_H

#include <base/kept_file.h>
#include <store/history.h>
#include <store/saver.h>
#include <store/state.h>

// What the saver (saver.h) is asked to write, but for large files (spool.h). Each takes over what
// it is given as a pointer that is not const, and is NULL without memory; then nothing is left of
// it.

// A configuration (state.h) and its version of the history, tried every few seconds until it is
// kept. Its tag is the version.
struct saver_request *state_request_config(const char *folder, struct config *config,
	const struct state_mark *mark, const struct history_entry *author);
// Whoever is leaving; a NULL forgets them.
struct saver_request *state_request_removed(const char *folder, struct config *config);
// A whole file.
struct saver_request *state_request_text(
	const char *folder, const char *name, char *text, size_t size);

#endif
