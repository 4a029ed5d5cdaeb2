// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_HOST_PRIVATE_H
#define FULCRUM_BACKEND_HOST_PRIVATE_H

#include <libmnl/libmnl.h>

#include "host.h"

// For host*.c only.
#define HOST_REQUEST_SIZE 256

// Sends one request and reads its answers to the end. 'callback' sees each, and may be NULL. 0, or
// negative errno.
int host_talk(struct nlmsghdr *message, mnl_cb_t callback, void *data);

#endif
