// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_ROWS_H
#define CONTROL_ROWS_H

#include <control/control_private.h>

// The rows that answer a show. Each writes row number 'row' into the zeroed 'out'. False: there is no such row.

bool row_vip(const struct control *control, uint32_t row, struct message_row_vip *out);
bool row_backend(struct control *control, uint32_t row, struct message_row_backend *out);
bool row_drop(const struct control *control, uint32_t row, struct message_row_drop *out);
bool row_worker(const struct control *control, uint32_t row, struct message_row_worker *out);
bool row_port(const struct control *control, uint32_t row, struct message_row_port *out);
bool row_daemon(const struct control *control, uint32_t row, struct message_row_daemon *out);
bool row_capture(const struct control *control, uint32_t row, struct message_row_capture *out);
bool row_history(const struct control *control, uint32_t row, struct message_row_history *out);
bool row_memory(const struct control *control, uint32_t row, struct message_row_memory *out);

// What was counted of an index since its present owner has it.
void rows_backend_traffic(
	const struct control *control, uint32_t index, struct metrics_traffic *out);
void rows_service_traffic(
	const struct control *control, uint32_t index, struct metrics_traffic *out);

// Whether a backend takes new flows: active, up, and with a next hop.
bool rows_is_usable(const struct control *control, uint32_t at); // for some service at least
// Likewise for one service, by where it stands.
bool rows_is_usable_for(const struct control *control, uint32_t at, uint32_t service);
// The backends of a pool, by where it stands, without those that are leaving it.
uint32_t rows_pool_backends(const struct control *control, uint32_t pool);
// What the workers' tables have for a service, by where it stands.
const struct snapshot_account *rows_account(const struct control *control, uint32_t service);

// Adds the slots of a view's table to those of its members, as often as services share it.
void rows_add_shares(const struct snapshot_view *view, uint64_t *shares);

#endif
