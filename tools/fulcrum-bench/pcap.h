// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_PCAP_H
#define BENCH_PCAP_H

#include <base/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Captures in the classic pcap format with Ethernet frames. Read in either byte order, with
// microseconds or nanoseconds; written in this machine's, with microseconds.

#define PCAP_FRAME_MAX 16384

struct pcap_frame {
	uint32_t seconds;
	uint32_t microseconds;
	uint32_t size; // bytes that are here
	uint32_t wire_size; // bytes that there were
	uint8_t bytes[PCAP_FRAME_MAX];
};

struct pcap_reader {
	FILE *file;
	const char *path; // the caller's
	uint32_t number; // of the frame read last, from 1
	bool swapped;
	bool nanoseconds;
};

// 0, or a negative errno with the sentence.
int pcap_open(struct pcap_reader *reader, const char *path, struct error *err);
// 1 and '*out', 0 at the end, or a negative errno with the sentence.
int pcap_read(struct pcap_reader *reader, struct pcap_frame *out, struct error *err);
void pcap_close(struct pcap_reader *reader);

// NULL where it cannot be made.
FILE *pcap_create(const char *path);
bool pcap_write(
	FILE *file, uint32_t seconds, uint32_t microseconds, const void *bytes, uint32_t size);

#endif
