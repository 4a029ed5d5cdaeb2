// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as what a daemon left of its configuration, of the last one or of backends that leave.
// What is taken is saved, which reads it back and compares; and then it is read once more, as the
// next daemon does.
#include <store/state_private.h>

#include "folder.h"
#include "fuzz.h"

#include <string.h>

static void check_whole(const struct config *config, const struct state_mark *mark)
{
	char path[STATE_PATH_SIZE];
	struct state_mark again_mark;
	struct config *again;
	struct error err;

	if (state_save(folder_path(), config, mark->version, &mark->applied, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	snprintf(path, sizeof(path), "%s/" STATE_NOW, folder_path());
	FUZZ_ASSERT(state_read(path, &state_whole, &again_mark, &again, &err) == 0);
	FUZZ_ASSERT(memcmp(mark, &again_mark, sizeof(*mark)) == 0);
	config_free(again);
}

static void check_left(struct config *config)
{
	struct config *again;
	struct error err;

	for (uint32_t i = 0; i < config->backend_count; i++)
		FUZZ_ASSERT(config->backends[i].state == CONFIG_STATE_LEAVING);
	if (state_save_left(folder_path(), config, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	again = state_take_left(folder_path());
	FUZZ_ASSERT(again != NULL && again->backend_count == config->backend_count);
	config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_left = size > 0 && data[0] == 'l'; // no file of ours begins like this
	const struct state_contents *contents = is_left ? &state_leaving : &state_whole;
	char path[STATE_PATH_SIZE];
	struct state_mark mark = {0};
	struct config *config = NULL;
	struct error err = {""};

	data += is_left;
	size -= is_left;
	folder_put("input", data, size);
	snprintf(path, sizeof(path), "%s/input", folder_path());
	if (state_read(path, contents, &mark, &config, &err) != 0) {
		FUZZ_ASSERT(err.text[0] != '\0' && config == NULL);
		return 0;
	}
	FUZZ_ASSERT(state_mark_is_sound(mark.version, mark.applied.wall_s));
	if (is_left)
		check_left(config);
	else
		check_whole(config, &mark);
	config_free(config);
	return 0;
}
