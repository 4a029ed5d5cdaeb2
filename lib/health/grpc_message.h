// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_GRPC_MESSAGE_H
#define HEALTH_GRPC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The two messages of grpc.health.v1.Health/Check, each in its gRPC frame: a zero byte (not
// compressed), the size in four bytes, and a protobuf message of one field. No socket, no memory.

#define GRPC_FRAME_HEADER  5
#define GRPC_REQUEST_SIZE  (GRPC_FRAME_HEADER + 2 + 127)
#define GRPC_RESPONSE_KEPT 64

// HealthCheckResponse.ServingStatus
enum grpc_health {
	GRPC_HEALTH_UNKNOWN,
	GRPC_HEALTH_SERVING,
	GRPC_HEALTH_NOT_SERVING,
	GRPC_HEALTH_SERVICE_UNKNOWN,
};

// 'service' has fewer than 128 bytes. Returns the size.
size_t grpc_request(const char *service, uint8_t out[GRPC_REQUEST_SIZE]);

// False: these bytes are no such message. A status that the protocol does not know yet is passed
// on.
bool grpc_response(const uint8_t *bytes, size_t size, uint64_t *out_health);

// The standard's name of a call's status, such as "UNIMPLEMENTED"; "" for another number.
const char *grpc_status_name(uint64_t status);

#endif
