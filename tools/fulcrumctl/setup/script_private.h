// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_SETUP_SCRIPT_PRIVATE_H
#define FULCRUMCTL_SETUP_SCRIPT_PRIVATE_H

#include "script.h"

// What a script that does and one that looks have in common.

// Functions of the script.
extern const char setup_has_tunnel[], setup_not_strict[];

// Ends the script where there is no ip(8), and has the functions that a step of kind SETUP_NEED
// tests by.
extern const char setup_needs[];

// Sets dev4, dev6, mtu4 and mtu6, those that are used; the script ends where the host is another
// one.
void setup_put_interfaces(const struct setup_script *script, FILE *out);

#endif
