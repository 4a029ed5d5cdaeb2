// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_LOG_QUEUE_H
#define BASE_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Lines of the log on their way to standard error: a bounded queue that any thread fills without
// ever waiting for who reads the log, and a thread that writes. Another flag on the descriptor
// would be everybody's who holds it. What finds no room is lost, the newest first, and where it is
// missing a line says how many; the last quarter of the room is for warnings and errors. One a
// process.

#define LOG_QUEUE_SIZE (256 * 1024)

// Writes the line that says 'lost' lines are missing; as many bytes as 'size' at most. Returns its
// bytes.
typedef size_t log_queue_tell_fn(char *line, size_t size, uint64_t lost);

// 0, or a negative errno: then there is none, and lines are written where they are made.
int log_queue_start(log_queue_tell_fn *tell);
// False where none runs: the line is the caller's to write.
bool log_queue_put(const char *line, size_t size, bool is_urgent);
// Waits until all is written, or that long. Then there is none any more, if all is. At exit(), it
// is done by itself.
void log_queue_finish(uint32_t deadline_ms);
// Lines that were lost since the start.
uint64_t log_queue_lost(void);

#endif
