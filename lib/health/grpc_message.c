// SPDX-License-Identifier: BSD-3-Clause
#include <health/grpc_message.h>

#include <string.h>

#define FIELD_SERVICE 0x0a // number 1, a length and bytes
#define FIELD_STATUS  0x08 // number 1, a varint

// The low three bits of a field's first byte.
enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

size_t grpc_request(const char *service, uint8_t out[GRPC_REQUEST_SIZE])
{
	size_t length = strlen(service);
	size_t size = length == 0 ? 0 : 2 + length;

	memset(out, 0, GRPC_FRAME_HEADER);
	out[4] = (uint8_t)size;
	if (length > 0) {
		out[5] = FIELD_SERVICE;
		out[6] = (uint8_t)length;
		memcpy(out + 7, service, length);
	}
	return GRPC_FRAME_HEADER + size;
}

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool is_bad;
};

static uint64_t read_varint(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		uint8_t byte = *reader->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	reader->is_bad = true;
	return 0;
}

static void skip(struct reader *reader, uint64_t size)
{
	if (size > (uint64_t)(reader->end - reader->at))
		reader->is_bad = true;
	else
		reader->at += size;
}

// A field that a later version of the message may have.
static void skip_field(struct reader *reader, uint64_t tag)
{
	switch (tag & 7) {
	case WIRE_VARINT:
		read_varint(reader);
		break;
	case WIRE_64:
		skip(reader, 8);
		break;
	case WIRE_BYTES:
		skip(reader, read_varint(reader));
		break;
	case WIRE_32:
		skip(reader, 4);
		break;
	default:
		reader->is_bad = true;
	}
}

bool grpc_response(const uint8_t *bytes, size_t size, uint64_t *out_health)
{
	struct reader reader = {bytes + GRPC_FRAME_HEADER, bytes + size, false};
	uint32_t length;

	*out_health = GRPC_HEALTH_UNKNOWN; // what a message without the field says
	if (size < GRPC_FRAME_HEADER || bytes[0] != 0)
		return false;
	length = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
		 bytes[4];
	if (length != size - GRPC_FRAME_HEADER)
		return false;
	while (reader.at < reader.end && !reader.is_bad) {
		uint64_t tag = read_varint(&reader);

		if (tag == FIELD_STATUS)
			*out_health = read_varint(&reader);
		else
			skip_field(&reader, tag);
	}
	return !reader.is_bad;
}

const char *grpc_status_name(uint64_t status)
{
	static const char *const names[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "";
}
