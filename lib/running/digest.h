// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_DIGEST_H
#define RUNNING_DIGEST_H

#include <running/configuration.h>
#include <snapshot/snapshot.h>

// What two balancers compare to know whether they would judge alike: SHA-256 (FIPS 180-4, by
// OpenSSL) over things in an order of their own, so that neither the order of a file nor what an
// index is on this machine counts. Any thread.

#define DIGEST_TEXT_SIZE 65 // hex and a zero

// The configuration as an operator wrote it, states included. 0 or -ENOMEM.
int digest_config(const struct config *config, char out[DIGEST_TEXT_SIZE]);

// What new packets are judged by: the hash key, each service's table and how each backend stands,
// so intent and health. Left out is what is each balancer's own or passes by itself: flows, next
// hops, remembered tables. 0 or -ENOMEM.
int digest_tables(const struct configuration *configuration, const struct snapshot *snapshot,
	char out[DIGEST_TEXT_SIZE]);

// What packets are judged by whose connections began elsewhere: for each service the backend of
// each slot, by all tables that are remembered. Balancers differ in it where they saw other
// changes, or other numbers of connections between them. 0 or -ENOMEM.
int digest_remembered(const struct configuration *configuration, const struct snapshot *snapshot,
	char out[DIGEST_TEXT_SIZE]);

#endif
