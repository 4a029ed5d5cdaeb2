// SPDX-License-Identifier: BSD-3-Clause
#include <handover/flows_file_private.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct flows_reader {
	int fd;
	struct flows_mark mark;
	struct block_head head; // of the block at hand
	uint32_t at; // so much of it is read
	uint32_t room; // for a block
	uint8_t body[];
};

// False: the file ends before that.
static bool read_all(int fd, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size > 0) {
		ssize_t count = read(fd, at, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		at += count;
		size -= (size_t)count;
	}
	return true;
}

static int read_mark(const char *path, int fd, struct flows_mark *mark, struct error *err)
{
	struct file_head head = {0};
	struct stat stat;
	size_t size;

	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) ||
		!read_all(fd, &head, offsetof(struct file_head, mark)) || head.magic != FILE_MAGIC)
		return error_set(err, EINVAL, "%s: it holds no flows", path);
	if (head.version == 0 || head.version > FLOWS_FILE_VERSION)
		return error_set(err, EINVAL, "%s: it is of version %u, and this daemon reads %u",
			path, head.version, FLOWS_FILE_VERSION);
	size = head.version == 1 ? MARK_SIZE_1 : sizeof(head.mark);
	if (!read_all(fd, &head.mark, size))
		return error_set(err, EINVAL, "%s: it holds no flows", path);
	if (head.crc != flows_crc(&head.mark, size, 0))
		return error_set(err, EINVAL, "%s: it is damaged", path);
	// Each name takes a byte at least: what the reader makes room for is not more than the
	// file.
	if ((uint64_t)head.mark.services + head.mark.backends > (uint64_t)stat.st_size)
		return error_set(err, EINVAL, "%s: it is damaged", path);
	*mark = head.mark;
	return 0;
}

static bool is_folder(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat) != 0 || !S_ISDIR(stat.st_mode))
		return false;
	errno = EISDIR;
	return true;
}

// As what a file of that name is taken.
static const char *taken_name(const char *name)
{
	return strcmp(name, FLOWS_FILE_TAKEN) == 0 ? FLOWS_FILE_LAST : FLOWS_FILE_TAKEN;
}

// The file as it is now, without its name. -ENOENT: there is none.
static int take_out(
	const char *folder, const char *name, char *path, size_t size, struct error *err)
{
	char taken[DAEMON_PATH_SIZE + 32];
	int fd;

	snprintf(path, size, "%s/%s.new", folder, name);
	unlink(path); // of a daemon that was killed before it had an end
	snprintf(path, size, "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	snprintf(taken, sizeof(taken), "%s/%s", folder, taken_name(name));
	if (is_folder(fd) || rename(path, taken) != 0) {
		int rc = error_set(err, errno, "%s cannot be taken out of its folder: %s", path,
			strerror(errno));

		close(fd);
		return rc;
	}
	return fd;
}

// With room for the largest block that the file can have.
static struct flows_reader *flows_reader_make(int fd)
{
	struct flows_reader *reader;
	struct stat stat;
	uint32_t room = BLOCK_SIZE;

	if (fstat(fd, &stat) == 0 && stat.st_size < BLOCK_SIZE)
		room = (uint32_t)stat.st_size;
	reader = malloc(sizeof(*reader) + room);
	if (reader != NULL)
		*reader = (struct flows_reader){.fd = fd, .room = room};
	return reader;
}

int flows_reader_new(const char *folder, const char *name, struct flows_mark *mark,
	struct flows_reader **out, struct error *err)
{
	char path[DAEMON_PATH_SIZE + 32];
	struct flows_reader *reader;
	int fd = take_out(folder, name, path, sizeof(path), err);
	int rc;

	if (fd < 0)
		return fd;
	reader = flows_reader_make(fd);
	rc = reader == NULL ? error_set(err, ENOMEM, "out of memory")
			    : read_mark(path, fd, &reader->mark, err);
	if (rc != 0) {
		free(reader);
		close(fd);
		return rc;
	}
	*mark = reader->mark;
	*out = reader;
	return 0;
}

void flows_file_discard(const char *folder, const char *name)
{
	flows_file_remove(folder, taken_name(name));
}

void flows_file_retain(const char *folder, const char *name)
{
	char taken[DAEMON_PATH_SIZE + 32], path[DAEMON_PATH_SIZE + 32];

	snprintf(taken, sizeof(taken), "%s/%s", folder, taken_name(name));
	snprintf(path, sizeof(path), "%s/" FLOWS_FILE_CHECKPOINT, folder);
	if (rename(taken, path) != 0)
		unlink(taken);
}

// The next block, whole. False: there is none.
static bool read_block(struct flows_reader *reader)
{
	struct block_head *head = &reader->head;

	reader->at = 0;
	if (!read_all(reader->fd, head, sizeof(*head)) || head->size > reader->room ||
		!read_all(reader->fd, reader->body, head->size) ||
		head->crc != flows_file_crc(head, reader->body))
		return false;
	if (head->kind == FLOWS_ITEM_END)
		return head->size == 0;
	return head->size > 0 &&
	       (head->kind < FLOWS_ITEM_END || flows_file_size_of(head->kind) > 0);
}

static bool read_name(struct flows_reader *reader, char name[FLOWS_FILE_NAME_SIZE])
{
	const char *from = (const char *)reader->body + reader->at;
	size_t left = reader->head.size - reader->at;
	size_t size = strnlen(from, left) + 1;

	if (size > left || size > FLOWS_FILE_NAME_SIZE)
		return false;
	memcpy(name, from, size);
	reader->at += (uint32_t)size;
	return true;
}

static bool is_sound(const struct flows_reader *reader, const struct file_row *row)
{
	uint32_t state = row->life & ROW_STATE_MASK;

	return row->service < reader->mark.services && row->backend < reader->mark.backends &&
	       reader->head.worker < reader->mark.workers && state > FLOW_EMPTY &&
	       state < FLOW_STATES && row->idle_s <= FLOW_TTL_MAX_S;
}

static bool read_client(
	struct flows_reader *reader, const struct file_row *row, struct flow_client *out)
{
	uint8_t bytes[sizeof(*out)];

	if ((row->life & ROW_IS_LONG) == 0) {
		*out = flow_client_from_ipv4_be(row->client_be);
		return true;
	}
	if (reader->head.size - reader->at < ROW_LONG_SIZE)
		return false;
	memcpy(bytes, &row->client_be, sizeof(row->client_be));
	memcpy(bytes + sizeof(row->client_be), reader->body + reader->at, ROW_LONG_SIZE);
	reader->at += ROW_LONG_SIZE;
	*out = flow_client_from_ipv6(bytes);
	return true;
}

static bool read_row(struct flows_reader *reader, struct flows_record *out)
{
	struct file_row row;

	if (reader->head.size - reader->at < sizeof(row))
		return false;
	memcpy(&row, reader->body + reader->at, sizeof(row));
	reader->at += (uint32_t)sizeof(row);
	*out = (struct flows_record){
		.worker = reader->head.worker,
		.saved =
			{
				.hash = row.hash,
				.client_port = row.client_port,
				.service = row.service,
				.backend = row.backend,
				.state = (enum flow_state)(row.life & ROW_STATE_MASK),
				.age_s = (uint32_t)(row.life >> ROW_AGE_SHIFT) * 16,
				.idle_s = row.idle_s,
			},
	};
	return is_sound(reader, &row) && read_client(reader, &row, &out->saved.client);
}

static bool read_plain(struct flows_reader *reader, uint32_t size, void *out)
{
	if (reader->head.size - reader->at < size)
		return false;
	memcpy(out, reader->body + reader->at, size);
	reader->at += size;
	return true;
}

enum flows_item flows_reader_next(struct flows_reader *reader, union flows_any *out)
{
	enum flows_item kind;
	bool is_good;

	if (reader->at == reader->head.size && !read_block(reader))
		return FLOWS_ITEM_DAMAGED;
	kind = (enum flows_item)reader->head.kind;
	if (kind == FLOWS_ITEM_END)
		return FLOWS_ITEM_END;
	if (kind == FLOWS_ITEM_FLOW)
		is_good = read_row(reader, &out->row);
	else if (kind < FLOWS_ITEM_END)
		is_good = read_name(reader, out->name);
	else
		is_good = read_plain(reader, flows_file_size_of(kind), out);
	return is_good ? kind : FLOWS_ITEM_DAMAGED;
}

void flows_reader_free(struct flows_reader *reader)
{
	if (reader == NULL)
		return;
	close(reader->fd);
	free(reader);
}
