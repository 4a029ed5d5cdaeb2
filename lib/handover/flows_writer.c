// SPDX-License-Identifier: BSD-3-Clause
#include <handover/flows_file_private.h>
#include <store/spool.h>

#include <errno.h>
#include <fcntl.h>
#include <rte_hash_crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct flows_writer {
	struct spool *spool;
	bool is_beside; // somebody else writes what is put into it; else the writer does
	int rc; // the first thing that went wrong
	struct error err;
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
	spool_add(writer->spool, bytes, size);
	if (!writer->is_beside && writer->rc == 0)
		writer->rc = spool_write(writer->spool, &writer->err);
}

// The spool of who writes beside is his.
static void flows_writer_end(struct flows_writer *writer, enum spool_end end)
{
	struct error err;
	int rc;

	spool_end(writer->spool, end);
	if (writer->is_beside)
		return;
	rc = spool_write(writer->spool, &err);
	if (writer->rc == 0 && rc != 0) {
		writer->rc = rc;
		writer->err = err;
	}
	spool_free(writer->spool);
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
	struct spool *spool, struct flows_writer **out, struct error *err)
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
	writer->is_beside = spool != NULL;
	writer->spool = spool != NULL ? spool : spool_new(folder, name, KEPT_OVER_PROCESSES);
	if (writer->spool == NULL) {
		free(writer);
		return error_set(err, ENOMEM, "out of memory");
	}
	write_all(writer, &head, sizeof(head));
	if (writer->rc != 0) {
		rc = writer->rc;
		if (err != NULL)
			*err = writer->err;
		flows_writer_end(writer, SPOOL_ABANDON);
		free(writer);
		return rc;
	}
	*out = writer;
	return 0;
}

void flows_writer_add_name(struct flows_writer *writer, enum flows_item item, const char *name)
{
	uint32_t size = (uint32_t)strnlen(name, FLOWS_FILE_NAME_SIZE - 1);
	uint8_t *at = claim(writer, item, 0, size + 1);

	memcpy(at, name, size);
	at[size] = '\0';
}

void flows_writer_add_row(struct flows_writer *writer, const struct flows_record *record)
{
	const struct flow_saved *saved = &record->saved;
	const struct flow_client mapped = flow_client_from_ipv4_be(0);
	bool is_long =
		saved->client.half[0] != 0 || (uint32_t)saved->client.half[1] != mapped.half[1];
	uint8_t bytes[sizeof(saved->client)];
	struct file_row row = {
		.hash = saved->hash,
		.backend = saved->backend,
		.client_port = saved->client_port,
		.service = saved->service,
		.idle_s = (uint16_t)saved->idle_s,
		.life = (uint16_t)(saved->state | (is_long ? ROW_IS_LONG : 0) |
				   saved->age_s / 16 << ROW_AGE_SHIFT),
	};
	uint8_t *at = claim(writer, FLOWS_ITEM_FLOW, record->worker,
		(uint32_t)sizeof(row) + (is_long ? ROW_LONG_SIZE : 0));

	memcpy(bytes, &saved->client, sizeof(bytes));
	memcpy(&row.client_be, bytes + (is_long ? 0 : ROW_LONG_SIZE), sizeof(row.client_be));
	memcpy(at, &row, sizeof(row));
	if (is_long)
		memcpy(at + sizeof(row), bytes + sizeof(row.client_be), ROW_LONG_SIZE);
}

uint32_t flows_file_size_of(uint32_t kind)
{
	switch (kind) {
	case FLOWS_ITEM_TABLE:
		return sizeof(struct flows_table);
	case FLOWS_ITEM_MEMBER:
		return sizeof(struct flows_member);
	case FLOWS_ITEM_VIEW:
		return sizeof(struct flows_view);
	case FLOWS_ITEM_REMEMBERED:
		return sizeof(struct flows_remembered);
	default:
		return 0;
	}
}

void flows_writer_add(struct flows_writer *writer, enum flows_item item, const void *any)
{
	uint32_t size = flows_file_size_of(item);

	memcpy(claim(writer, item, 0, size), any, size);
}

bool flows_writer_has_room(const struct flows_writer *writer, uint64_t until_ns)
{
	return !writer->is_beside || spool_wait_for_room(writer->spool, until_ns);
}

int flows_writer_close(struct flows_writer *writer, struct error *err)
{
	int rc;

	if (writer->block.head.size > 0)
		end_block(writer);
	writer->block.head.kind = FLOWS_ITEM_END;
	end_block(writer);
	flows_writer_end(writer, SPOOL_KEEP);
	rc = writer->rc;
	if (rc != 0 && err != NULL)
		*err = writer->err;
	free(writer);
	return rc;
}

void flows_writer_abandon(struct flows_writer *writer, bool removes)
{
	flows_writer_end(writer, removes ? SPOOL_REMOVE : SPOOL_ABANDON);
	free(writer);
}
