// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_CONFIGURATION_PRIVATE_H
#define RUNNING_CONFIGURATION_PRIVATE_H

#include <running/configuration.h>

// Which probes 'config' asks for. 'configuration' has its indexes already. 0 or -ENOMEM.
int configuration_find_probes(struct configuration *configuration, const struct config *config,
	const struct configuration *before);
void configuration_forget_probes(struct configuration *configuration);

#endif
