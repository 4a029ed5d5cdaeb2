// SPDX-License-Identifier: BSD-3-Clause
#include "pcap.h"

#include <errno.h>
#include <string.h>

#define MAGIC_MICROSECONDS 0xa1b2c3d4
#define MAGIC_NANOSECONDS  0xa1b23c4d
#define MAGIC_PCAPNG       0x0a0d0d0a
#define LINK_ETHERNET      1

struct file_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t zone;
	uint32_t accuracy;
	uint32_t snap_size;
	uint32_t link_type;
};

struct record_header {
	uint32_t seconds;
	uint32_t fraction;
	uint32_t size;
	uint32_t wire_size;
};

static uint32_t number_of(const struct pcap_reader *reader, uint32_t value)
{
	return reader->swapped ? __builtin_bswap32(value) : value;
}

static bool knows_magic(struct pcap_reader *reader, uint32_t magic)
{
	uint32_t other = __builtin_bswap32(magic);

	reader->swapped = other == MAGIC_MICROSECONDS || other == MAGIC_NANOSECONDS;
	reader->nanoseconds = magic == MAGIC_NANOSECONDS || other == MAGIC_NANOSECONDS;
	return reader->swapped || reader->nanoseconds || magic == MAGIC_MICROSECONDS;
}

static int read_header(struct pcap_reader *reader, struct error *err)
{
	struct file_header header = {0};

	if (fread(&header, sizeof(header), 1, reader->file) != 1 && header.magic != MAGIC_PCAPNG)
		return error_set(err, EINVAL, "%s: too short for a capture", reader->path);
	if (header.magic == MAGIC_PCAPNG)
		return error_set(err, EINVAL,
			"%s: a pcapng file; 'editcap -F pcap' makes a pcap file of it",
			reader->path);
	if (!knows_magic(reader, header.magic))
		return error_set(err, EINVAL, "%s: no pcap file", reader->path);
	if ((number_of(reader, header.link_type) & 0xffff) != LINK_ETHERNET)
		return error_set(err, EINVAL, "%s: its frames are not Ethernet's", reader->path);
	return 0;
}

int pcap_open(struct pcap_reader *reader, const char *path, struct error *err)
{
	int rc;

	*reader = (struct pcap_reader){.file = fopen(path, "rb"), .path = path};
	if (reader->file == NULL)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	rc = read_header(reader, err);
	if (rc != 0)
		pcap_close(reader);
	return rc;
}

void pcap_close(struct pcap_reader *reader)
{
	fclose(reader->file);
}

int pcap_read(struct pcap_reader *reader, struct pcap_frame *out, struct error *err)
{
	struct record_header header;
	size_t got = fread(&header, 1, sizeof(header), reader->file);

	if (got == 0 && feof(reader->file))
		return 0;
	reader->number++;
	if (got == sizeof(header)) {
		out->seconds = number_of(reader, header.seconds);
		out->microseconds = number_of(reader, header.fraction);
		if (reader->nanoseconds)
			out->microseconds /= 1000;
		out->size = number_of(reader, header.size);
		out->wire_size = number_of(reader, header.wire_size);
		if (out->size > sizeof(out->bytes))
			return error_set(err, EINVAL, "%s: frame %u has %u bytes, more than %zu",
				reader->path, reader->number, out->size, sizeof(out->bytes));
		if (fread(out->bytes, 1, out->size, reader->file) == out->size)
			return 1;
	}
	return error_set(err, EINVAL, "%s: ends inside frame %u", reader->path, reader->number);
}

FILE *pcap_create(const char *path)
{
	const struct file_header header = {
		MAGIC_MICROSECONDS, 2, 4, 0, 0, PCAP_FRAME_MAX, LINK_ETHERNET};
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(&header, sizeof(header), 1, file) == 1)
		return file;
	fclose(file);
	return NULL;
}

bool pcap_write(
	FILE *file, uint32_t seconds, uint32_t microseconds, const void *bytes, uint32_t size)
{
	const struct record_header header = {seconds, microseconds, size, size};

	return fwrite(&header, sizeof(header), 1, file) == 1 &&
	       fwrite(bytes, 1, size, file) == size;
}
