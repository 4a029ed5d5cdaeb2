// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_EDITION_PRIVATE_H
#define CONTROL_EDITION_PRIVATE_H

#include <control/edition.h>

// Which probes 'config' asks for. 'edition' has its indexes already. 0 or -ENOMEM.
int edition_find_probes(
	struct edition *edition, const struct config *config, const struct edition *before);
void edition_forget_probes(struct edition *edition);

#endif
