// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_BAD_H
#define CONFIG_BAD_H

#include <config/config.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// A bad configuration and all that is to be said about it, a line a fault, each without the file's
// name.
struct bad_config {
	const char *text;
	const char *sentences;
	size_t size; // of a text with zero bytes in it; 0: strlen
};

#define POOL "pools:\n  - {name: p, backends: [{name: a, address: 10.0.0.1}]}\n"
// The entries of 'services', in front of that pool.
#define SERVICES(entries) "services:\n" entries POOL
// A pool's keys, and a backend's.
#define POOLS(keys)   "pools:\n  - {" keys "}\n"
#define BACKEND(keys) "pools:\n  - name: p\n    backends:\n      - {" keys "}\n"

#define NAME_RULE    "1 to 63 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit"
#define PREFIX_RULE  "a prefix such as 10.200.0.0/16 of what hosts can have, with zeros behind it"
#define ADDRESS_RULE "an IPv4 or IPv6 address that a host can have beyond its own link"

struct bad_told {
	char text[4096];
	size_t used;
};

static inline void bad_hear(void *context, const char *sentence)
{
	struct bad_told *told = context;

	assert_memory_equal(sentence, "bad.yaml:", strlen("bad.yaml:"));
	told->used += (size_t)snprintf(told->text + told->used, sizeof(told->text) - told->used,
		"%s%s", told->used == 0 ? "" : "\n", sentence + strlen("bad.yaml:"));
	assert_true(told->used < sizeof(told->text));
}

// Each text is refused with its sentences and no other, in their order, and the first one is the
// error.
static inline void bad_check(const struct bad_config *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct bad_config *bad = &cases[i];
		size_t size = bad->size != 0 ? bad->size : strlen(bad->text);
		struct config *config = NULL;
		struct bad_told told = {"", 0};
		struct error err = {""};

		if (config_load_text("bad.yaml", bad->text, size, &config, bad_hear, &told, &err) !=
			-EINVAL)
			fail_msg("this is taken for right:\n%s", bad->text);
		if (strcmp(told.text, bad->sentences) != 0)
			fail_msg("of\n%swas said\n%s\nnot\n%s", bad->text, told.text,
				bad->sentences);
		assert_null(config);
		assert_memory_equal(err.text, "bad.yaml:", strlen("bad.yaml:"));
		assert_int_equal(strncmp(err.text + strlen("bad.yaml:"), bad->sentences,
					 strcspn(bad->sentences, "\n")),
			0);
	}
}

#endif
