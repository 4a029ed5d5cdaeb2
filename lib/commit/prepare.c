// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <commit/commit_private.h>
#include <config/loss.h>
#include <running/descriptors.h>
#include <store/saver.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool prepare_find_written(
	const struct configuration *configuration, uint32_t at, uint32_t *written)
{
	char name[REGISTRY_NAME_SIZE];

	configuration_backend_name(configuration->config, at, name);
	return config_find_backend(configuration->written, name, written, NULL) == 0;
}

// Of a selection among all that run: those that leave are set apart, the others are found in what
// is written.
static int prepare_split_selection(struct commit *commit)
{
	const struct configuration *running = commit->running;
	uint32_t kept = 0;

	commit->leaving = calloc((size_t)commit->selected_count + 1, sizeof(*commit->leaving));
	if (commit->leaving == NULL)
		return error_set(&commit->err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < commit->selected_count; i++) {
		uint32_t at = commit->selected[i], written;

		if (prepare_find_written(running, at, &written))
			commit->selected[kept++] = written;
		else
			commit->leaving[commit->leaving_count++] = configuration_index(running, at);
	}
	commit->selected_count = kept;
	if (commit->leaving_count > 0 &&
		(commit->set.state == CONFIG_STATE_ACTIVE || commit->set.weight != UINT32_MAX))
		return error_set(&commit->err, EINVAL,
			"it leaves, as the file that was applied last has it no more: it can be "
			"drained or disabled, and comes back by an apply");
	return 0;
}

// By what is written; where nothing there is meant, it may be among those that leave.
static int prepare_select_backends(struct commit *commit)
{
	int rc = selection_resolve(&commit->selection, commit->running->written, &commit->selected,
		&commit->selected_count, &commit->err);

	if (rc != -ENOENT)
		return rc;
	free(commit->selected);
	if (selection_resolve(&commit->selection, commit->running->config, &commit->selected,
		    &commit->selected_count, NULL) != 0)
		return rc;
	return prepare_split_selection(commit);
}

// The configuration that runs with the records of some backends changed.
static int prepare_set_backends(struct commit *commit)
{
	const struct message_backend_set *set = &commit->set;
	int rc = prepare_select_backends(commit);

	if (rc != 0)
		return rc;
	if (set->state > CONFIG_STATE_DISABLED || set->then > MESSAGE_THEN_REHASH ||
		(set->weight > UINT16_MAX && set->weight != UINT32_MAX))
		return error_set(&commit->err, EINVAL, "there is no such state or weight");
	commit->config = config_clone(commit->running->written);
	if (commit->config == NULL)
		return error_set(&commit->err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < commit->selected_count; i++) {
		struct config_backend *backend = &commit->config->backends[commit->selected[i]];

		if (set->state != CONFIG_STATE_UNSET)
			backend->state = (uint8_t)set->state;
		if (set->weight != UINT32_MAX)
			backend->weight = (uint16_t)set->weight;
	}
	return 0;
}

// Where the file does not say, a backend keeps the state that an operator gave it.
static void prepare_inherit_states(struct commit *commit)
{
	commit->next = 0;
	for (uint32_t i = 0; i < commit->config->backend_count; i++) {
		struct config_backend *backend = &commit->config->backends[i];
		uint32_t before;

		if (backend->state != CONFIG_STATE_UNSET)
			continue;
		before = commit_find_running(commit, commit->config, i);
		backend->state = CONFIG_STATE_ACTIVE;
		if (before != CONFIGURATION_NONE &&
			commit->running->config->backends[before].state != CONFIG_STATE_LEAVING)
			backend->state = commit->running->config->backends[before].state;
	}
}

static bool prepare_same_records(const void *a, const void *b, uint32_t count, size_t size)
{
	return count == 0 || memcmp(a, b, count * size) == 0;
}

static bool prepare_is_equal(const struct config *a, const struct config *b)
{
	return a->hash_key_set == b->hash_key_set &&
	       memcmp(a->hash_key, b->hash_key, sizeof(a->hash_key)) == 0 &&
	       a->service_count == b->service_count && a->pool_count == b->pool_count &&
	       a->backend_count == b->backend_count &&
	       prepare_same_records(
		       a->services, b->services, a->service_count, sizeof(*a->services)) &&
	       prepare_same_records(a->pools, b->pools, a->pool_count, sizeof(*a->pools)) &&
	       prepare_same_records(
		       a->backends, b->backends, a->backend_count, sizeof(*a->backends));
}

// What differs from the running configuration for one backend: its state, its probes.
static void prepare_compare_backend(struct commit *commit, uint32_t at, uint32_t before)
{
	struct running_backend *state =
		&commit->build.states[configuration_index(commit->configuration, at)];
	const struct config_backend *backend = &commit->all->backends[at];
	bool is_stranger =
		before == CONFIGURATION_NONE ||
		!addr_equal(&commit->running->config->backends[before].address, &backend->address);
	uint32_t probes =
		configuration_probes(commit->configuration, at) != NULL ? CONFIG_PROBES_MAX : 1;

	for (uint32_t p = 0; p < probes; p++) {
		bool was_probed =
			!is_stranger && configuration_is_probed(commit->running, before, p);

		if (configuration_is_probed(commit->configuration, at, p) &&
			!(was_probed && configuration_same_target(commit->running, before,
						commit->configuration, at, p)))
			commit->puts[commit->put_count++] = (struct probe_put){at, p};
	}
	if (running_backend_touch(
		    state, commit->configuration, at, is_stranger, commit->applied.wall_s))
		commit->touched[commit->touched_count++] = at | (is_stranger ? COMMIT_STRANGER : 0);
}

// The probes of backends that are gone, or no longer probed.
static void prepare_find_drops(struct commit *commit)
{
	const struct configuration *old = commit->running;

	for (uint32_t i = 0; old != NULL && i < old->config->backend_count; i++) {
		uint32_t index = configuration_index(old, i),
			 now = commit->configuration->places[index];
		uint32_t probes = configuration_probes(old, i) != NULL ? CONFIG_PROBES_MAX : 1;

		for (uint32_t p = 0; p < probes; p++) {
			if (configuration_is_probed(old, i, p) &&
				(now == CONFIGURATION_NONE ||
					!configuration_is_probed(commit->configuration, now, p)))
				commit->drops[commit->drop_count++] =
					configuration_target_id(index, p);
		}
	}
}

static int prepare_compare(struct commit *commit)
{
	size_t count = (size_t)commit->all->backend_count + 1;
	size_t puts = (size_t)configuration_count_probes(commit->configuration) + 1;
	size_t old = commit->running == NULL
			     ? 1
			     : (size_t)configuration_count_probes(commit->running) + 1;

	commit->touched = calloc(count, sizeof(*commit->touched));
	commit->puts = calloc(puts, sizeof(*commit->puts));
	commit->drops = calloc(old, sizeof(*commit->drops));
	commit->new_backends = registry_plan_new(&commit->backend_plan, &commit->new_backend_count);
	commit->new_services = registry_plan_new(&commit->service_plan, &commit->new_service_count);
	if (commit->touched == NULL || commit->puts == NULL || commit->drops == NULL ||
		commit->new_backends == NULL || commit->new_services == NULL)
		return error_set(&commit->err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < commit->all->backend_count; i++)
		prepare_compare_backend(commit, i, commit->places[i]);
	prepare_find_drops(commit);
	return 0;
}

static int prepare_make_configuration(struct commit *commit)
{
	commit->configuration =
		configuration_new(commit->all, commit->config, &commit->backend_plan,
			&commit->service_plan, commit->backend_registry->capacity, commit->running);
	if (commit->configuration == NULL)
		return error_set(&commit->err, ENOMEM, "out of memory");
	commit->build.configuration = commit->configuration;
	return prepare_compare(commit);
}

void commit_read(struct commit *commit)
{
	if (commit->kind == COMMIT_ROLLBACK)
		commit->rc = history_load(
			commit->state_folder, commit->rollback, &commit->config, &commit->err);
	else
		commit->rc = commit_read_pools(commit);
}

static int prepare_take_wanted(struct commit *commit)
{
	switch (commit->kind) {
	case COMMIT_FILE:
		commit_tell_overwritten(commit);
		return 0; // it was read
	case COMMIT_ROLLBACK:
		return 0; // likewise
	case COMMIT_BACKENDS:
		return prepare_set_backends(commit);
	default:
		return config_finish(commit->config, &commit->err);
	}
}

static void prepare_write_loss(void *context, const char *sentence)
{
	fprintf(context, "%s\n", sentence);
}

// Somebody is to be asked, unless what goes comes back by itself, or one backend is meant by its
// name.
static int prepare_find_loss(struct commit *commit)
{
	FILE *file = open_memstream(&commit->loss, &commit->loss_size);
	struct config_loss loss;
	char text[256];
	int rc;

	if (file == NULL)
		return error_set(&commit->err, ENOMEM, "out of memory");
	rc = config_find_loss(
		commit->running->written, commit->config, prepare_write_loss, file, &loss);
	fclose(file);
	if (rc != 0)
		return error_set(&commit->err, -rc, "out of memory");
	if (!config_loss_is_heavy(&loss)) {
		free(commit->loss);
		commit->loss = NULL;
		return 0;
	}
	if (commit->kind == COMMIT_PLAN)
		return 0;
	return error_set(&commit->err, ECANCELED,
		"nothing was changed: it would take out %s; --force puts it in force all the same, "
		"--confirm TIME for a trial",
		config_loss_format(&loss, text, sizeof(text)));
}

static bool prepare_wants_question(const struct commit *commit)
{
	return commit->running != NULL && commit->left == NULL && commit->kind != COMMIT_BACKENDS &&
	       commit->kind != COMMIT_REVERT && !commit->is_forced && commit->confirm_s == 0;
}

// Nothing differs but those that left before, if some of them may go now.
static int prepare_reaping(struct commit *commit)
{
	int rc;

	commit->config = config_clone(commit->running->written);
	if (commit->config == NULL)
		return error_set(&commit->err, ENOMEM, "out of memory");
	rc = commit_find_leaving(commit);
	commit->is_equal =
		rc == 0 && commit->all->backend_count == commit->running->config->backend_count;
	if (rc != 0 || commit->is_equal)
		return rc;
	rc = commit_plan_indexes(commit);
	return rc == 0 ? prepare_make_configuration(commit) : rc;
}

static int prepare_all(struct commit *commit)
{
	int rc = prepare_take_wanted(commit);

	if (rc != 0)
		return rc;
	prepare_inherit_states(commit);
	// The first apply is one, whatever it says.
	commit->is_equal = commit->running != NULL && commit->version > 1 && commit->left == NULL &&
			   prepare_is_equal(commit->running->written, commit->config);
	if (commit->is_equal)
		return 0;
	if (prepare_wants_question(commit))
		rc = prepare_find_loss(commit);
	if (rc == 0)
		rc = commit_find_leaving(commit);
	if (rc == 0)
		rc = commit_plan_indexes(commit);
	if (rc == 0)
		rc = prepare_make_configuration(commit);
	if (rc == 0 && !commit->is_of_start && commit->kind != COMMIT_REVERT)
		rc = descriptors_check(commit->configuration, commit->running,
			commit->descriptors_own, &commit->err);
	return rc;
}

void commit_prepare(void *context)
{
	struct commit *commit = context;

	commit->rc = commit->kind == COMMIT_REAP ? prepare_reaping(commit) : prepare_all(commit);
}

static void prepare_carry_out_services(struct commit *commit)
{
	struct registry *registry = commit->service_registry;

	registry_carry_out(
		registry, &commit->service_plan, configuration_service_name, commit->config);
	for (uint32_t i = 0; i < commit->config->service_count; i++) {
		const char *name = commit->config->services[i].name;
		uint32_t index = commit->service_plan.indexes[i];

		if (strcmp(registry->entries[index].name, name) != 0)
			registry_rename(registry, index, name);
	}
}

void commit_build(void *context)
{
	struct commit *commit = context;

	commit->rc = build_run(&commit->build, &commit->err);
	if (commit->rc == 0 && commit->confirm_s > 0) {
		commit->fallback = config_clone(commit->running->written);
		if (commit->fallback == NULL)
			commit->rc = error_set(&commit->err, ENOMEM, "out of memory");
	}
	if (commit->rc != 0)
		return;
	registry_carry_out(commit->backend_registry, &commit->backend_plan,
		configuration_backend_name, commit->all);
	prepare_carry_out_services(commit);
}

void commit_free(struct commit *commit)
{
	if (commit == NULL)
		return;
	if (commit->configuration == NULL) {
		if (commit->all != commit->config)
			config_free(commit->all);
		config_free(commit->config);
	} else if (!commit->is_installed) {
		configuration_free(commit->configuration);
	}
	configuration_free(commit->before);
	config_free(commit->fallback);
	config_free(commit->last_file);
	if (commit->save != NULL)
		commit->save->free(commit->save);
	snapshot_free(commit->build.snapshot);
	registry_plan_free(&commit->backend_plan);
	registry_plan_free(&commit->service_plan);
	selection_free(&commit->selection);
	free(commit->selected);
	free(commit->leaving);
	free(commit->places);
	free(commit->touched);
	free(commit->new_backends);
	free(commit->new_services);
	free(commit->puts);
	free(commit->drops);
	free(commit->text);
	free(commit->loss);
	free(commit->rows);
	free(commit);
}
