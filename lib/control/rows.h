// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_ROWS_H
#define CONTROL_ROWS_H

#include <control/control_private.h>

// The rows that answer a show. Each writes row number 'row' into the zeroed 'out'. False: there is
// no such row.

bool row_vip(const struct control *control, uint32_t row, struct message_row_vip *out);
bool row_backend(struct control *control, uint32_t row, struct message_row_backend *out);
bool row_drop(const struct control *control, uint32_t row, struct message_row_drop *out);
bool row_worker(const struct control *control, uint32_t row, struct message_row_worker *out);
bool row_port(const struct control *control, uint32_t row, struct message_row_port *out);
bool row_daemon(const struct control *control, uint32_t row, struct message_row_daemon *out);
bool row_capture(const struct control *control, uint32_t row, struct message_row_capture *out);
bool row_history(const struct control *control, uint32_t row, struct message_row_history *out);
bool row_memory(const struct control *control, uint32_t row, struct message_row_memory *out);

#endif
