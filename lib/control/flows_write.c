// SPDX-License-Identifier: BSD-3-Clause
#include <base/kept_file.h>
#include <control/flows_file_private.h>

#include <errno.h>
#include <fcntl.h>
#include <rte_hash_crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct flows_writer {
	char path[DAEMON_PATH_SIZE + 32];
	struct kept_file kept;
	int rc; // the first thing that went wrong
	struct block {
		struct block_head head;
		uint8_t body[BLOCK_SIZE];
	} block; // that is filled
};
_Static_assert(offsetof(struct block, body) == sizeof(struct block_head), "written at once");

void flows_file_remove(const char *folder, const char *name)
{
	char path[DAEMON_PATH_SIZE + 32];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

// CRC-32C of bytes that stand anywhere: rte_hash_crc() loads words, which wants them aligned.
uint32_t flows_crc(const void *bytes, size_t size, uint32_t crc)
{
	const uint8_t *at = bytes;
	uint64_t word;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		crc = rte_hash_crc_8byte(word, crc);
	}
	while (size-- > 0)
		crc = rte_hash_crc_1byte(*at++, crc);
	return crc;
}

uint32_t flows_file_crc(const struct block_head *head, const void *body)
{
	struct block_head bare = *head;

	bare.crc = 0;
	return flows_crc(body, head->size, flows_crc(&bare, sizeof(bare), 0));
}

static void write_all(struct flows_writer *writer, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (writer->rc == 0 && size > 0) {
		ssize_t written = write(fileno(writer->kept.file), at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			writer->rc = -errno;
			return;
		}
		at += written;
		size -= (size_t)written;
	}
}

static void end_block(struct flows_writer *writer)
{
	struct block *block = &writer->block;

	block->head.crc = flows_file_crc(&block->head, block->body);
	write_all(writer, block, sizeof(block->head) + block->head.size);
	block->head.size = 0;
}

// Room for 'size' bytes of that kind.
static uint8_t *claim(struct flows_writer *writer, uint32_t kind, uint32_t worker, uint32_t size)
{
	struct block *block = &writer->block;

	if (block->head.size > 0 && (block->head.kind != kind || block->head.worker != worker ||
					    block->head.size + size > sizeof(block->body)))
		end_block(writer);
	block->head.kind = kind;
	block->head.worker = worker;
	block->head.size += size;
	return block->body + block->head.size - size;
}

int flows_writer_new(const char *folder, const char *name, const struct flows_mark *mark,
	struct flows_writer **out, struct error *err)
{
	struct flows_writer *writer = calloc(1, sizeof(*writer));
	struct file_head head = {
		.magic = FILE_MAGIC,
		.version = FLOWS_FILE_VERSION,
		.crc = flows_crc(mark, sizeof(*mark), 0),
		.mark = *mark,
	};

	int rc;

	if (writer == NULL)
		return error_set(err, ENOMEM, "out of memory");
	snprintf(writer->path, sizeof(writer->path), "%s/%s", folder, name);
	// Large, and of no use to another boot: it does not wait for a disk.
	rc = kept_file_begin(&writer->kept, folder, name, KEPT_OVER_PROCESSES);
	if (rc != 0) {
		error_set(err, -rc, "%s.new: %s", writer->path, strerror(-rc));
		free(writer);
		return rc;
	}
	write_all(writer, &head, sizeof(head));
	*out = writer;
	return 0;
}

void flows_writer_add_name(struct flows_writer *writer, enum kept_item item, const char *name)
{
	uint32_t size = (uint32_t)strnlen(name, FLOWS_FILE_NAME_SIZE - 1);
	uint8_t *at = claim(writer, item, 0, size + 1);

	memcpy(at, name, size);
	at[size] = '\0';
}

void flows_writer_add_row(struct flows_writer *writer, const struct flows_record *record)
{
	const struct flow_kept *kept = &record->kept;
	const struct flow_client mapped = flow_client_from_ipv4_be(0);
	bool is_long =
		kept->client.half[0] != 0 || (uint32_t)kept->client.half[1] != mapped.half[1];
	uint8_t bytes[sizeof(kept->client)];
	struct file_row row = {
		.hash = kept->hash,
		.backend = kept->backend,
		.client_port = kept->client_port,
		.service = kept->service,
		.idle_s = (uint16_t)kept->idle_s,
		.life = (uint16_t)(kept->state | (is_long ? ROW_IS_LONG : 0) |
				   kept->age_s / 16 << ROW_AGE_SHIFT),
	};
	uint8_t *at = claim(writer, KEPT_ROW, record->worker,
		(uint32_t)sizeof(row) + (is_long ? ROW_LONG_SIZE : 0));

	memcpy(bytes, &kept->client, sizeof(bytes));
	memcpy(&row.client_be, bytes + (is_long ? 0 : ROW_LONG_SIZE), sizeof(row.client_be));
	memcpy(at, &row, sizeof(row));
	if (is_long)
		memcpy(at + sizeof(row), bytes + sizeof(row.client_be), ROW_LONG_SIZE);
}

int flows_writer_close(struct flows_writer *writer, struct error *err)
{
	int rc;

	if (writer->block.head.size > 0)
		end_block(writer);
	writer->block.head.kind = KEPT_LAST;
	end_block(writer);
	rc = writer->rc;
	if (rc == 0)
		rc = kept_file_commit(&writer->kept);
	else
		kept_file_abandon(&writer->kept);
	if (rc != 0)
		error_set(err, -rc, "%s: %s", writer->path, strerror(-rc));
	free(writer);
	return rc;
}

void flows_writer_abandon(struct flows_writer *writer)
{
	kept_file_abandon(&writer->kept);
	free(writer);
}
