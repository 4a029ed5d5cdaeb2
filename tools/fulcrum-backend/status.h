// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_STATUS_H
#define FULCRUM_BACKEND_STATUS_H

#include "look.h"

// Prints a look to standard output, for people; and as JSON, by
// docs/reference/schemas/backend-status.json.
void status_print(const struct look *look);
int status_print_json(const struct look *look, struct error *err);

#endif
