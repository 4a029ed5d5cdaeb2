// SPDX-License-Identifier: BSD-3-Clause
#ifndef PIPELINE_CAPTURE_H
#define PIPELINE_CAPTURE_H

#include <pipeline/worker_private.h>

// A worker's side of a capture (capture/capture.h): stage_capture() takes packets as they came in,
// and these are what others call while worker->capture is set. A packet
// that the capture's filter takes is marked in its buffer, so that it is known again where it
// leaves.

// As they go out, before the port takes them.
void capture_sent(struct worker *worker, const struct output *output);
// With the reason. One that is dropped before its service is known is taken where the filter names
// none.
void capture_dropped(struct worker *worker, const struct rte_mbuf *mbuf, enum drop_reason reason);

// The flag of a packet that is taken, for the pieces that it is cut into; 0 of any other.
uint64_t capture_mark(const struct worker *worker, const struct rte_mbuf *mbuf);

#endif
