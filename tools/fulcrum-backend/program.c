// SPDX-License-Identifier: BSD-3-Clause
#include "program.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fulcrum-backend-object.h"
#include "program_private.h"

#define MAPS (sizeof(maps) / sizeof(maps[0]))

static const char *const maps[] = {
	"tunnels", "balancers", "services", "replies", "counters", "totals", "state"};

static int load_side(
	struct program *program, enum link_side side, const char *name, struct error *err)
{
	struct bpf_program *loaded = bpf_object__find_program_by_name(program->object, name);
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	program->sides[side].fd = loaded != NULL ? bpf_program__fd(loaded) : -1;
	if (program->sides[side].fd < 0 ||
		bpf_obj_get_info_by_fd(program->sides[side].fd, &info, &size) < 0)
		return error_set(err, ENOENT, "the BPF program %s has no id", name);
	program->sides[side].id = info.id;
	return 0;
}

static int size_maps(struct program *program, uint32_t row_count, struct error *err)
{
	static const char *const by_row[] = {"services", "replies", "counters"};

	for (size_t i = 0; i < sizeof(by_row) / sizeof(by_row[0]); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(program->object, by_row[i]);

		if (map == NULL || bpf_map__set_max_entries(map, row_count) < 0)
			return error_set(err, EINVAL, "the BPF map %s cannot be sized", by_row[i]);
	}
	return 0;
}

static int load_object(struct program *program, uint32_t row_count, struct error *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "fulcrum");
	int result;

	program->object = bpf_object__open_mem(backend_object, sizeof(backend_object), &options);
	if (program->object == NULL)
		return error_set(err, errno, "the BPF object cannot be read: %s", strerror(errno));
	result = size_maps(program, row_count, err);
	if (result < 0)
		return result;
	result = bpf_object__load(program->object);
	if (result < 0)
		return error_set(err, -result,
			"the kernel does not take the BPF programs: %s (it wants Linux 5.10, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON, and before Linux 5.11 'ulimit -l unlimited'; --verbose says more)",
			strerror(-result));
	result = load_side(program, LINK_IN, "fulcrum_in", err);
	return result < 0 ? result : load_side(program, LINK_OUT, "fulcrum_out", err);
}

int program_load(struct program **out, uint32_t row_count, struct error *err)
{
	struct program *program = calloc(1, sizeof(*program));
	int result;

	if (program == NULL)
		return error_set(err, ENOMEM, "out of memory");
	result = load_object(program, row_count, err);
	if (result < 0) {
		program_free(program);
		return result;
	}
	*out = program;
	return 0;
}

void program_free(struct program *program)
{
	if (program == NULL)
		return;
	bpf_object__close(program->object);
	free(program);
}

const struct link_program *program_side(const struct program *program, enum link_side side)
{
	return &program->sides[side];
}

int program_map_fd(const struct program *program, const char *name)
{
	return bpf_object__find_map_fd_by_name(program->object, name);
}

struct fb_address program_address(const struct addr *address)
{
	struct fb_address out = {.words = {0, 0, htonl(0xffff), 0}};

	if (address->family == ADDR_IPV6)
		memcpy(&out, address->bytes, 16);
	else
		memcpy(&out.words[3], address->bytes, 4);
	return out;
}

struct addr program_addr(const struct fb_address *address)
{
	if (address->words[0] == 0 && address->words[1] == 0 && address->words[2] == htonl(0xffff))
		return addr_from_ipv4_be(address->words[3]);
	return addr_from_ipv6((const uint8_t *)address);
}

static void pin_path(char path[PATH_MAX], const char *folder, const char *map)
{
	snprintf(path, PATH_MAX - sizeof("_new"), "%s/%s", folder, map);
}

// In the place of the former one in one step: whoever looks finds one or the other.
static int pin_map(struct program *program, const char *folder, const char *map, struct error *err)
{
	char path[PATH_MAX], fresh[PATH_MAX];

	pin_path(path, folder, map);
	snprintf(fresh, sizeof(fresh), "%.*s_new", (int)(sizeof(fresh) - sizeof("_new")), path);
	unlink(fresh);
	if (bpf_obj_pin(program_map_fd(program, map), fresh) < 0 || rename(fresh, path) < 0)
		return error_set(err, errno, "%s: cannot be pinned: %s", path, strerror(errno));
	return 0;
}

int program_pin_state(struct program *program, const char *folder, struct error *err)
{
	return pin_map(program, folder, "state", err);
}

int program_pin(struct program *program, const char *folder, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < MAPS && result == 0; i++)
		result = pin_map(program, folder, maps[i], err);
	return result;
}

void program_unpin(const char *folder)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < MAPS; i++) {
		pin_path(path, folder, maps[i]);
		unlink(path);
		strcat(path, "_new"); // of a start that was killed
		unlink(path);
	}
}

int program_write_state(struct program *program, const struct fb_state *state, struct error *err)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(program_map_fd(program, "state"), &zero, state, BPF_ANY) < 0)
		return error_set(
			err, errno, "the agent's state cannot be kept: %s", strerror(errno));
	return 0;
}

// Opens a pinned map whose values are 'value_size' bytes.
static int open_pinned(const char *folder, const char *map, uint32_t value_size, struct error *err)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	char path[PATH_MAX];
	int fd;

	pin_path(path, folder, map);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.value_size == value_size)
		return fd;
	close(fd);
	return error_set(err, EPROTO, "%s was left by another version of fulcrum-backend", path);
}

int program_read_state(const char *folder, struct fb_state *state, struct error *err)
{
	uint32_t zero = 0;
	int fd = open_pinned(folder, "state", sizeof(*state), err);
	int result;

	if (fd < 0)
		return fd;
	result = bpf_map_lookup_elem(fd, &zero, state) < 0 ? -errno : 0;
	close(fd);
	if (result < 0)
		return error_set(err, -result, "%s/state: %s", folder, strerror(-result));
	if (state->version != FB_STATE_VERSION || state->link_count > FB_LINKS_MAX ||
		state->added_count > FB_VIPS_MAX || state->ahead_count > FB_AHEAD_MAX)
		return error_set(err, EPROTO,
			"%s/state was left by another version of fulcrum-backend", folder);
	return 0;
}

// Sums the 64-bit words of one value over all CPUs.
static int sum_over_cpus(int fd, uint32_t key, uint64_t *sums, size_t words, struct error *err)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values;
	int result;

	if (cpus < 0)
		return error_set(err, -cpus, "the number of CPUs is not known");
	values = calloc(cpus, words * sizeof(*values));
	if (values == NULL)
		return error_set(err, ENOMEM, "out of memory");
	result = bpf_map_lookup_elem(fd, &key, values);
	if (result < 0)
		result = error_set(err, errno, "counters cannot be read: %s", strerror(errno));
	memset(sums, 0, words * sizeof(*sums));
	for (size_t i = 0; i < cpus * words; i++)
		sums[i % words] += values[i];
	free(values);
	return result;
}

static int read_rows(
	int services, int counters, struct program_row *rows, size_t size, struct error *err)
{
	struct fb_service service;
	struct fb_key *previous = NULL;
	struct fb_key key;
	int count = 0;

	while (bpf_map_get_next_key(services, previous, &key) == 0) {
		previous = &key;
		if (bpf_map_lookup_elem(services, &key, &service) < 0 || service.row >= size)
			continue;
		if ((int)service.row >= count)
			count = service.row + 1;
		rows[service.row].key = key;
		rows[service.row].service = service;
	}
	for (int i = 0; i < count; i++) {
		int result = sum_over_cpus(counters, i, (uint64_t *)&rows[i].counters,
			sizeof(rows[i].counters) / sizeof(uint64_t), err);
		if (result < 0)
			return result;
	}
	return count;
}

int program_read_rows(const char *folder, struct program_row *rows, size_t size, struct error *err)
{
	int services = open_pinned(folder, "services", sizeof(struct fb_service), err);
	int counters = services < 0
			       ? services
			       : open_pinned(folder, "counters", sizeof(struct fb_counters), err);
	int result = counters;

	memset(rows, 0, size * sizeof(*rows));
	if (counters >= 0)
		result = read_rows(services, counters, rows, size, err);
	if (services >= 0)
		close(services);
	if (counters >= 0)
		close(counters);
	return result;
}

int program_read_totals(const char *folder, uint64_t totals[FB_TOTAL_COUNT], struct error *err)
{
	int fd = open_pinned(folder, "totals", sizeof(uint64_t), err);
	int result = fd < 0 ? fd : 0;

	for (uint32_t i = 0; result == 0 && i < FB_TOTAL_COUNT; i++)
		result = sum_over_cpus(fd, i, &totals[i], 1, err);
	if (fd >= 0)
		close(fd);
	return result;
}
