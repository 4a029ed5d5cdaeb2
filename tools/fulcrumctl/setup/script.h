// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_SETUP_SCRIPT_H
#define FULCRUMCTL_SETUP_SCRIPT_H

#include "steps.h"

// Shell scripts of the steps: POSIX sh, and of the host's programs ip, nft, ss and awk. One thread.

struct setup_script {
	const char *file; // the pool file's name, for the first lines
	const struct setup_host *host;
	const struct setup_options *options;
	const struct setup_steps *steps;
};

// Does all that is not done yet; once more changes nothing.
void setup_print_script(const struct setup_script *script, FILE *out);
// Takes it back. What was there before, such as a sysctl's value, is put back.
void setup_print_undo(const struct setup_script *script, FILE *out);
// Looks, changes nothing, and ends with 0 if nothing is missing, else with 1.
void setup_print_audit(const struct setup_script *script, FILE *out);

#endif
