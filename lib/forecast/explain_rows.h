// SPDX-License-Identifier: BSD-3-Clause
#ifndef FORECAST_EXPLAIN_ROWS_H
#define FORECAST_EXPLAIN_ROWS_H

#include <base/error.h>
#include <channel/channel.h>
#include <channel/message.h>
#include <running/running.h>
#include <snapshot/snapshot.h>

// What 'fulcrumctl explain' tells of a packet: a row of what the services' rules say, then one a
// worker, with the flow that it knows and the backend that it would send the packet to. Judged by
// the code that the workers judge with. Runs on the control lcore; a row is worked out on the
// snapshot of its moment, and changes nothing.

struct flow_table;

// All of it is borrowed for one row.
struct explain_rows_source {
	const struct configuration *configuration; // in force
	const struct snapshot *snapshot; // the workers'
	const struct running_port *ports;
	uint32_t port_count;
	struct flow_table *const *tables; // one a worker
	uint32_t worker_count;
	// Sets the health of the backend that stands at 'at', and why it takes no new flow.
	void (*tell_backend)(void *context, uint32_t at, struct message_row_explain_flow *out);
	void *context;
};

// 0, or a negative errno with the sentence.
int explain_rows_check(const struct message_explain *request, struct error *err);
// Fills '*out' with row number 'row' about the request, which has been checked. False: there are
// no more.
bool explain_rows_fill(const struct explain_rows_source *source,
	const struct message_explain *request, uint32_t row, struct channel_message *out);

#endif
