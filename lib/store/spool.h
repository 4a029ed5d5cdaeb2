// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include <base/error.h>
#include <base/kept_file.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <store/saver.h>

// A large file that one thread makes while another, which alone waits for the disk, writes it: what
// is made waits in memory, up to a bound. Both hold it, and the last one frees it.

#define SPOOL_WAITING_MAX (64u << 20) // bytes

enum spool_end {
	SPOOL_GOES_ON,
	SPOOL_KEEP, // it takes its place
	SPOOL_ABANDON, // what was there stays
	SPOOL_REMOVE, // there is none, nor what was there
};

struct spool;

// Touches no disk. NULL without memory.
struct spool *spool_new(const char *folder, const char *name, enum kept_over over);
void spool_free(struct spool *spool); // lets go of it; NULL is fine

// --- The thread that makes it ---

// Copies the bytes; what does not go into memory spoils the file, which is told as its end.
void spool_add(struct spool *spool, const void *bytes, size_t size);
void spool_end(struct spool *spool, enum spool_end end);
bool spool_has_room(struct spool *spool);
// The same by that time (clock_monotonic_ns()).
bool spool_wait_for_room(struct spool *spool, uint64_t until_ns);
// True: it has come to its end on the disk as well.
bool spool_is_over(struct spool *spool);
// What became of it when it is over: 0, or a negative errno with the sentence.
int spool_result(struct spool *spool, struct error *err);

// --- The thread that writes it ---

// Writes what is there. 0, or a negative errno with the sentence: from then on it is spoiled.
int spool_write(struct spool *spool, struct error *err);

// A request that does so once; or that goes on until its end has come. NULL without memory.
struct saver_request *spool_request(struct spool *spool, bool until_its_end);

#endif
