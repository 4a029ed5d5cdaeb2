// SPDX-License-Identifier: BSD-3-Clause
#include "capture.h"

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
	uint32_t microseconds;
	uint32_t captured;
	uint32_t size;
};

static const struct file_header ours = {0xa1b2c3d4, 2, 4, 0, 0, CAPTURE_FRAME_MAX, 1};

FILE *capture_open(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct file_header header;

	if (file == NULL)
		return NULL;
	if (fread(&header, sizeof(header), 1, file) == 1 && header.magic == ours.magic &&
		header.link_type == ours.link_type)
		return file;
	fclose(file);
	return NULL;
}

FILE *capture_create(const char *path)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(&ours, sizeof(ours), 1, file) == 1)
		return file;
	fclose(file);
	return NULL;
}

bool capture_read(FILE *file, struct capture_frame *out)
{
	struct record_header header;

	if (fread(&header, sizeof(header), 1, file) != 1 || header.captured > sizeof(out->bytes))
		return false;
	out->seconds = header.seconds;
	out->microseconds = header.microseconds;
	out->size = header.captured;
	return fread(out->bytes, 1, out->size, file) == out->size;
}

bool capture_write(
	FILE *file, uint32_t seconds, uint32_t microseconds, const void *bytes, uint32_t size)
{
	const struct record_header header = {seconds, microseconds, size, size};

	return fwrite(&header, sizeof(header), 1, file) == 1 &&
	       fwrite(bytes, 1, size, file) == size;
}
