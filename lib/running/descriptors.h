// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_DESCRIPTORS_H
#define RUNNING_DESCRIPTORS_H

#include <base/error.h>
#include <running/configuration.h>

// What file descriptors a configuration wants: each probe that waits for its answer holds one.
// Reckoned before it is in force, so that a pool is refused rather than half of its probes fail.
// Any thread.

// Those that the process has open now.
uint32_t descriptors_open(void);
// How many the probes of the configuration hold at most.
uint32_t descriptors_of_probes(const struct configuration *configuration);
// Raises this process's limit as far as it may. 0; or -EMFILE with the sentence, where the
// configuration wants more than there is, and more than 'running' (NULL: nothing) does. 'own' are
// those that the daemon had open without probes.
int descriptors_check(const struct configuration *configuration,
	const struct configuration *running, uint32_t own, struct error *err);

#endif
