// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_GRPC_PRIVATE_H
#define HEALTH_GRPC_PRIVATE_H

#include <health/conversation.h>
#include <health/grpc_message.h>

// One call, from its request (grpc.c) to what is thought of its answer (grpc_judge.c).

#define GRPC_OUTPUT_SIZE  1024
#define GRPC_STATUS_NONE  UINT64_MAX
#define GRPC_MESSAGE_SIZE 48

struct grpc_exchange {
	struct nghttp2_session *session;
	uint8_t request[GRPC_REQUEST_SIZE];
	uint8_t request_size;
	uint8_t request_sent;
	uint8_t output[GRPC_OUTPUT_SIZE]; // one write for many small frames
	size_t output_size;
	size_t output_sent;
	uint32_t taken; // bytes that came in
	bool is_over; // the stream
	uint32_t error_code; // it ended with
	uint64_t http_status; // GRPC_STATUS_NONE
	uint64_t grpc_status;
	uint8_t answer[GRPC_RESPONSE_KEPT];
	size_t answer_size; // with what was not kept
	char message[GRPC_MESSAGE_SIZE]; // of the server, on a status that is not OK
};

// PROGRESS_NEXT: it serves; or PROGRESS_FAILED.
enum progress grpc_judge(struct conversation *conversation);

#endif
