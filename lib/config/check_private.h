// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_CHECK_PRIVATE_H
#define CONFIG_CHECK_PRIVATE_H

#include <config/check.h>

#define CHECK_NONE UINT32_MAX

// A check in progress. The orders are indexes into the configuration's arrays.
struct check {
	struct config *config;
	const struct origins *origins;
	struct findings *findings;
	uint32_t *services_by_name;
	uint32_t *services_by_vip; // and in their own order for one VIP
	uint32_t *pools_by_name;
	uint32_t *first_service; // of each pool; CHECK_NONE: none
	uint32_t *first_half_open; // likewise, of those that a probe 'via: forwarding' can ask
	uint32_t *group_start; // of each pool in backends_by_pool; one more at the end
	uint32_t *backends_by_pool; // in their own order within a pool
	uint32_t *scratch; // as long as backends_by_pool
	bool pool_names_clash;
};

// A finding about a record's key ("" is the record itself): at its place, behind the record's name.
#define CHECK_SUBJECT_SIZE (3 * CONFIG_NAME_SIZE)
#define check_fail(check, kind, index, key, format, ...)                                           \
	do {                                                                                       \
		char subject_[CHECK_SUBJECT_SIZE];                                                 \
		findings_add((check)->findings, check_place(check, kind, index, key), "%s" format, \
			check_subject(check, kind, index, subject_), __VA_ARGS__);                 \
	} while (0)

const char *check_subject(
	const struct check *check, enum record_kind kind, uint32_t index, char *text);
struct place check_place(
	const struct check *check, enum record_kind kind, uint32_t index, const char *key);

#define CHECK_LINE_SIZE FINDINGS_LINE_SIZE
// findings_line() of a record's key.
const char *check_line(const struct check *check, const char *word, enum record_kind kind,
	uint32_t index, const char *key, char *text);

// Whether the loader had a fault in it before.
bool check_is_faulty(const struct check *check, enum record_kind kind, uint32_t index);

// An array's indexes in the order that 'compare' (of two indexes) gives.
void check_sort(struct check *check, uint32_t *order, uint32_t count,
	int (*compare)(const void *left, const void *right, void *check));

// The index of the first record in 'order' that 'compare' finds equal to 'key', or CHECK_NONE.
uint32_t check_search(const struct check *check, const uint32_t *order, uint32_t count,
	const void *key,
	int (*compare)(const struct check *check, const void *key, uint32_t index));

// Two indexes, so that the order of equals is that of the file.
static inline int check_compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

// All of an array's indexes, in the order of the file.
static inline void check_list_all(uint32_t *order, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
}

// Puts 'order', indexes of records of a kind, in the order of their names; of equals, in that of
// the file. A finding for each name that stands there before. True: there is one, or two records
// have none.
bool check_names(struct check *check, enum record_kind kind, uint32_t *order, uint32_t count);

// Names, pools that are not there, ports that overlap. Fills the services' pool_index,
// first_service and first_half_open.
void check_services(struct check *check);
// 0 or -ENOMEM.
int check_ports(struct check *check);
// Names of pools, and their health. First of all, since the others look pools up.
void check_pools(struct check *check);
// How one pool is probed; a part of check_pools().
void check_health(struct check *check, uint32_t index);
// Names and addresses of backends. Fills their pool_index and backends_by_pool.
void check_backends(struct check *check);

// What holds between services, pools and backends; last of all.
void check_across(struct check *check);

// The pool's index, or CHECK_NONE.
uint32_t check_find_pool(const struct check *check, const char *name);

#endif
