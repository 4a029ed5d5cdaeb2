// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_TLS_FILES_H
#define HEALTH_TLS_FILES_H

#include <config/config.h>
#include <openssl/ssl.h>
#include <stdbool.h>

// The files that a policy names for TLS, and what OpenSSL makes of them. Reading them waits for a
// disk, so whoever reads has a thread for it; each has a structure of its own.

#define TLS_FAULT_SIZE 384

struct tls_files {
	char ca[sizeof(((struct config_health *)0)->ca)];
	char certificate[sizeof(((struct config_health *)0)->certificate)];
	char key[sizeof(((struct config_health *)0)->key)];
	SSL_CTX *ctx; // what was read; NULL: 'fault' says why not
	char fault[TLS_FAULT_SIZE];
};

void tls_files_set(struct tls_files *files, const struct config_health *policy);
bool tls_files_are_for(const struct tls_files *files, const struct config_health *policy);
bool tls_files_are_none(const struct tls_files *files); // there is no disk to wait for
void tls_files_read(struct tls_files *files);

#endif
