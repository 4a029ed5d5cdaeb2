// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_REASON_H
#define RUNNING_REASON_H

#include <channel/message.h>
#include <kernel/kernel.h>
#include <running/running.h>

// Why a backend is not up, or takes no new flow, in words for an operator. On the control lcore.

struct reason_source {
	const struct running *running;
	const struct health *health;
	const struct kernel *kernel;
	const struct running_port *ports;
	const bool *link_is_down; // by the port
	uint32_t port_count;
};

// Of all of its probes, enum message_health. 'at' is where it stands in the running configuration.
uint8_t reason_backend_health(const struct reason_source *source, uint32_t at);
// See struct message_row_backend; "" where there is none.
void reason_backend(const struct reason_source *source, uint32_t at, char *out, size_t size);

#endif
