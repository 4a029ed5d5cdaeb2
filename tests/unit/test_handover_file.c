// SPDX-License-Identifier: BSD-3-Clause
// The file of a handover: there is none, it cannot be written, or it is not as a daemon wrote it.
#include "handover_room.h"

#include <errno.h>
#include <fcntl.h>
#include <handover/flows_file_private.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define FILE_MAX 8192

static size_t read_file(const struct room *room, uint8_t bytes[FILE_MAX])
{
	int fd = open(room->path, O_RDONLY);
	ssize_t size = read(fd, bytes, FILE_MAX);

	assert_true(size > 0 && size < FILE_MAX);
	close(fd);
	return (size_t)size;
}

// The file that a daemon with all of the flows leaves; returns its size.
static size_t make_file(struct room *room, uint8_t bytes[FILE_MAX])
{
	room_save_all(room, NULL, 1);
	return read_file(room, bytes);
}

// What a daemon that finds this file returns, and how many rows it has then. The file is gone.
static int take(struct room *room, const uint8_t *bytes, size_t size, uint32_t *rows)
{
	int fd = open(room->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	room_start(room, 1);
	rc = room_restore(room);
	*rows = room_count_rows(room, 0);
	assert_int_not_equal(access(room->path, F_OK), 0);
	return rc;
}

static void assert_told(const struct room *room, const char *what)
{
	char text[192];

	snprintf(text, sizeof(text), "%s: %s", room->path, what);
	assert_string_equal(room->err.text, text);
}

// The daemon before an upgrade knew nothing of boots.
static void a_file_of_version_1_is_taken_up(void **state)
{
	struct room *room = *state;
	uint8_t bytes[FILE_MAX];
	uint32_t rows, rows_1, cut = sizeof(struct flows_mark) - MARK_SIZE_1;
	size_t size = make_file(room, bytes), head = sizeof(struct file_head);
	struct file_head *file = (struct file_head *)bytes;

	assert_int_equal(take(room, bytes, size, &rows), 0);
	assert_true(rows > 0);
	file->version = 1;
	file->crc = flows_crc(&file->mark, MARK_SIZE_1, 0);
	memmove(bytes + head - cut, bytes + head, size - head);
	assert_int_equal(take(room, bytes, size - cut, &rows_1), 0);
	assert_int_equal(rows_1, rows);
}

static void a_file_that_is_none_of_ours_is_told(void **state)
{
	struct room *room = *state;
	uint8_t bytes[FILE_MAX];
	uint32_t rows;
	size_t size = make_file(room, bytes);

	assert_int_equal(take(room, (const uint8_t *)"services: []\n", 13, &rows), -EINVAL);
	assert_told(room, "it holds no flows");

	bytes[offsetof(struct file_head, version)]++;
	assert_int_equal(take(room, bytes, size, &rows), -EINVAL);
	assert_told(room, "it is of version 3, and this daemon reads 2");

	assert_int_equal(take(room, bytes, 0, &rows), -EINVAL);
	assert_int_equal(rows, 0);
}

static void a_folder_in_the_place_of_the_file_is_told(void **state)
{
	struct room *room = *state;

	assert_int_equal(mkdir(room->path, 0700), 0);
	room_start(room, 1);
	assert_int_equal(room_restore(room), -EISDIR);
	assert_int_equal(rmdir(room->path), 0);
}

static void a_file_that_was_cut_short_gives_whole_blocks_alone(void **state)
{
	struct room *room = *state;
	uint8_t bytes[FILE_MAX];
	uint32_t rows;
	size_t size = make_file(room, bytes);

	for (size_t cut = 0; cut < size; cut++) {
		assert_int_equal(take(room, bytes, cut, &rows), -EINVAL);
		assert_true(rows == 0 || rows == FLOWS);
	}
	assert_int_equal(take(room, bytes, size, &rows), 0);
	assert_int_equal(rows, FLOWS);
}

static void a_byte_that_is_another_one_is_noticed(void **state)
{
	static const uint8_t changes[] = {0x01, 0x80, 0xff};
	struct room *room = *state;
	uint8_t bytes[FILE_MAX];
	uint32_t rows;
	size_t size = make_file(room, bytes);

	for (size_t at = 0; at < size; at++) {
		for (size_t c = 0; c < COUNT(changes); c++) {
			bytes[at] ^= changes[c];
			assert_int_equal(take(room, bytes, size, &rows), -EINVAL);
			assert_true(rows == 0 || rows == FLOWS);
			bytes[at] ^= changes[c];
		}
	}
}

// Mostly small numbers, as in rows that mean something.
static void fill_body(uint8_t *body, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		body[i] = rand() % 4 == 0 ? (uint8_t)rand() : (uint8_t)(rand() % 3);
	for (uint32_t i = 0; i + sizeof(struct file_row) <= size; i += sizeof(struct file_row)) {
		memset(body + i + offsetof(struct file_row, backend) + 1, 0, 3);
		body[i + offsetof(struct file_row, service) + 1] = 0;
	}
}

// A block of any bytes whose checksum is right; returns its size.
static size_t forge_block(uint8_t *at)
{
	struct block_head head = {.kind = (uint32_t)rand() % 6,
		.worker = rand() % 4 == 0 ? (uint32_t)rand() : 0,
		.size = (uint32_t)rand() % 400};

	fill_body(at + sizeof(head), head.size);
	head.crc = flows_file_crc(&head, at + sizeof(head));
	memcpy(at, &head, sizeof(head));
	return sizeof(head) + head.size;
}

static size_t block_size(const uint8_t *at)
{
	struct block_head head;

	memcpy(&head, at, sizeof(head));
	return sizeof(head) + head.size;
}

static void whatever_a_block_says_is_checked(void **state)
{
	struct room *room = *state;
	uint8_t bytes[FILE_MAX], forged[FILE_MAX];
	uint32_t rows, all = 0;

	make_file(room, bytes);
	srand(1);
	for (uint32_t round = 0; round < 3000; round++) {
		size_t size = sizeof(struct file_head);

		// Mostly behind the names as they are, so that rows get as far as the tables.
		for (uint32_t b = 0; b < 2 && round % 4 != 0; b++)
			size += block_size(bytes + size);
		memcpy(forged, bytes, size);
		for (uint32_t b = 0; b < 3; b++)
			size += forge_block(forged + size);
		take(room, forged, size, &rows);
		assert_true(rows <= room->count.done);
		all += rows;
	}
	assert_true(all > 0);
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
	struct room *room = *state;

	room_start(room, 1);
	strcpy(room->side.folder, "/nonexistent");
	room_add_all(room);
	assert_int_equal(room_save(room), -ENOENT);
	assert_string_equal(room->err.text, "/nonexistent/flows.new: No such file or directory");
}

static void without_flows_there_is_no_file(void **state)
{
	struct room *room = *state;

	room_start(room, 1);
	assert_int_equal(room_save(room), 0);
	assert_int_not_equal(access(room->path, F_OK), 0);
	assert_int_equal(room_restore(room), -ENOENT);
}

// A daemon that dies before its first checkpoint has nothing else to leave, however many do so in a
// row.
static void what_was_taken_is_there_for_the_one_after(void **state)
{
	struct room *room = *state;
	uint32_t rows;

	room_save_all(room, NULL, 1);
	room_start(room, 1);
	assert_int_equal(room_restore(room), 0);
	rows = room_count_rows(room, 0);
	assert_true(rows > 0);
	assert_int_not_equal(access(room->path, F_OK), 0);
	for (int i = 0; i < 3; i++) {
		room_start(room, 1);
		room->side.file = FLOWS_FILE_CHECKPOINT;
		assert_int_equal(room_restore(room), 0);
		assert_int_equal(room_count_rows(room, 0), rows);
	}
}

// A daemon that is killed while it reads that file.
static void die_over(struct room *room, const char *name)
{
	struct flows_reader *reader;
	struct flows_mark mark;

	room_start(room, 1);
	assert_int_equal(flows_reader_new(room->folder, name, &mark, &reader, &room->err), 0);
	flows_reader_free(reader);
}

static void who_dies_over_it_leaves_it_to_one_more(void **state)
{
	struct room *room = *state;
	uint32_t rows;

	room_save_all(room, NULL, 1);
	rows = room_count_rows(room, 0);
	die_over(room, FLOWS_FILE_PLANNED);
	room_start(room, 1);
	assert_int_equal(room_restore(room), -ENOENT);
	room->side.file = FLOWS_FILE_TAKEN;
	assert_int_equal(room_restore(room), 0);
	assert_int_equal(room_count_rows(room, 0), rows);

	// It is the checkpoint from then on. Whoever it ends is followed by one whom it ends, and
	// no more.
	die_over(room, FLOWS_FILE_CHECKPOINT);
	die_over(room, FLOWS_FILE_TAKEN);
	room_start(room, 1);
	room->side.file = FLOWS_FILE_TAKEN;
	assert_int_equal(room_restore(room), -ENOENT);
	flows_file_remove(room->folder, FLOWS_FILE_LAST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_enter, room_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_of_version_1_is_taken_up),
		TEST(a_file_that_is_none_of_ours_is_told),
		TEST(a_folder_in_the_place_of_the_file_is_told),
		TEST(a_file_that_was_cut_short_gives_whole_blocks_alone),
		TEST(a_byte_that_is_another_one_is_noticed),
		TEST(whatever_a_block_says_is_checked),
		TEST(a_folder_that_cannot_be_written_is_told),
		TEST(without_flows_there_is_no_file),
		TEST(what_was_taken_is_there_for_the_one_after),
		TEST(who_dies_over_it_leaves_it_to_one_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
