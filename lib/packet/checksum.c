// SPDX-License-Identifier: BSD-3-Clause
#include <packet/checksum.h>
#include <packet/headers.h>

#include <string.h>

uint16_t checksum_sum(const void *data, size_t size, uint32_t start)
{
	const uint8_t *p = data;
	uint64_t sum = start;
	uint16_t last = 0;

	for (; size >= 4; p += 4, size -= 4) {
		uint32_t word;

		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (size >= 2) {
		uint16_t half;

		memcpy(&half, p, sizeof(half));
		sum += half;
		p += 2;
		size -= 2;
	}
	if (size == 1) {
		memcpy(&last, p, 1); // RFC 1071: as if a zero byte followed
		sum += last;
	}
	return checksum_fold(sum);
}

uint32_t checksum_pseudo_header(const struct addr *source, const struct addr *destination,
	uint8_t protocol, uint32_t payload_size)
{
	size_t size = source->family == ADDR_IPV4 ? 4 : 16;
	uint32_t tail[2] = {be32(payload_size), be32(protocol)};
	uint32_t sum = checksum_sum(source->bytes, size, 0);

	sum = checksum_sum(destination->bytes, size, sum);
	return checksum_sum(tail, sizeof(tail), sum);
}
