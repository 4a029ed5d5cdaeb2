// SPDX-License-Identifier: BSD-3-Clause
#ifndef APP_PRIVILEGES_H
#define APP_PRIVILEGES_H

#include <base/error.h>

// Becomes the user 'name', with its groups, for good: ports, hugepages and memory were opened by
// root before. What is kept, by the calling thread and those that it makes later:
//     CAP_NET_ADMIN   VIPs' addresses and routes, neighbours that the kernel is asked to resolve, the taps' ioctls
//     CAP_NET_RAW     gratuitous ARP and unsolicited neighbour advertisements
// Threads that run already (the workers, DPDK's own) keep nothing. A "" name changes nothing. On
// the main lcore. 0, or a negative errno with the sentence.
int privileges_drop(const char *name, struct error *err);

#endif
