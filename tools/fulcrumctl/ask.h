// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_ASK_H
#define FULCRUMCTL_ASK_H

#include <stdbool.h>

// Asks whoever sits at the terminal. False where there is none, or for any answer but y and yes.
bool ask_yes(const char *question);

#endif
