// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_FLOWS_FILE_PRIVATE_H
#define HANDOVER_FLOWS_FILE_PRIVATE_H

#include <handover/flows_file.h>
#include <stddef.h>

// As the bytes lie in the file, which a machine of the other byte order takes for no file of ours.

#define FILE_MAGIC 0x53574f4c46435546ull // "FUCFLOWS"

struct file_head {
	uint64_t magic;
	uint32_t version;
	uint32_t crc; // of 'mark'
	struct flows_mark mark;
};
#define MARK_SIZE_1 offsetof(struct flows_mark, boot) // in files of version 1
_Static_assert(MARK_SIZE_1 == 40, "as version 1 had it");
_Static_assert(sizeof(struct flows_mark) == 56, "no holes");
_Static_assert(sizeof(struct file_head) == 72, "no holes");

// Names and rows go by blocks of at most so much.
#define BLOCK_SIZE (1u << 20)

struct block_head {
	uint32_t kind; // enum flows_item
	uint32_t worker; // of rows
	uint32_t size; // of what follows
	uint32_t crc; // of the head with 0 in this place, and of what follows
};
_Static_assert(sizeof(struct block_head) == 16, "no holes");

struct file_row {
	uint64_t hash;
	uint32_t backend;
	uint32_t client_be; // or the first 4 bytes of ROW_IS_LONG's
	uint16_t client_port; // network order
	uint16_t service;
	uint16_t idle_s;
	uint16_t life; // enum flow_state, ROW_IS_LONG, and how long ago it began, in units of 16 s
};
_Static_assert(sizeof(struct file_row) == 24, "a flow's price on disk");

#define ROW_STATE_MASK 7u
#define ROW_IS_LONG    8u // 12 bytes of the client's address follow
#define ROW_AGE_SHIFT  4u
#define ROW_LONG_SIZE  12u

_Static_assert(sizeof(struct flows_table) == 8 && sizeof(struct flows_member) == 8, "no holes");
_Static_assert(sizeof(struct flows_view) == 16 && sizeof(struct flows_remembered) == 8, "no holes");

// Of what is said of tables, which lies in the file as in memory; 0: it is of another kind.
uint32_t flows_file_size_of(uint32_t kind);
uint32_t flows_crc(const void *bytes, size_t size, uint32_t crc);
uint32_t flows_file_crc(const struct block_head *head, const void *body);

#endif
