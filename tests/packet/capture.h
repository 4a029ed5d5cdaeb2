// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_PACKET_CAPTURE_H
#define TESTS_PACKET_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Captures in the classic pcap format, little-endian, Ethernet: what scapy writes and reads. The two
// halves of a time stamp are free for the test to use.

#define CAPTURE_FRAME_MAX 16384

struct capture_frame {
	uint32_t seconds;
	uint32_t microseconds;
	uint32_t size;
	uint8_t bytes[CAPTURE_FRAME_MAX];
};

// NULL where the file cannot be opened or is no such capture.
FILE *capture_open(const char *path);
FILE *capture_create(const char *path);

// False at the end, and at anything that is no whole record.
bool capture_read(FILE *file, struct capture_frame *out);
bool capture_write(
	FILE *file, uint32_t seconds, uint32_t microseconds, const void *bytes, uint32_t size);

#endif
