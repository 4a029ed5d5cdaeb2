// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as the answer of a gRPC health service.
#include <health/grpc_message.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t health, again;

	if (size > GRPC_RESPONSE_KEPT || !grpc_response(data, size, &health))
		return 0;
	FUZZ_ASSERT(data[0] == 0 && size >= GRPC_FRAME_HEADER);
	FUZZ_ASSERT(grpc_response(data, size, &again) && again == health);
	return 0;
}
