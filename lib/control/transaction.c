// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/reply_private.h>

#include <errno.h>
#include <string.h>

void transaction_forget(struct transaction *transaction)
{
	config_free(transaction->config);
	explicit_bzero(&transaction->header, sizeof(transaction->header));
	*transaction = (struct transaction){0};
}

void transaction_begin(struct control *control)
{
	struct transaction *transaction = &control->transaction;
	struct message_apply *header = &transaction->header;

	transaction_forget(transaction);
	memcpy(header, control->message.body, sizeof(*header));
	if (header->hash_key_set > 1) {
		control_reply_error(control, EINVAL, "hash_key_set must be 0 or 1");
		return;
	}
	if (header->confirm_s > MESSAGE_CONFIRM_MAX_S) {
		control_reply_error(
			control, EINVAL, "a confirmation is waited for no longer than a day");
		return;
	}
	transaction->config = config_new();
	if (transaction->config == NULL) {
		control_reply_error(control, ENOMEM, "out of memory");
		return;
	}
	memcpy(transaction->config->hash_key, header->hash_key, sizeof(header->hash_key));
	transaction->config->hash_key_set = header->hash_key_set == 1;
	control_reply_done(control, 0);
}

// By the daemon's own file.
static int transaction_check_room(
	struct error *err, uint32_t count, uint32_t most, const char *what, const char *key)
{
	if (count < most)
		return 0;
	return error_set(err, ENOSPC, "the daemon has room for %u %s: raise '%s' in its file", most,
		what, key);
}

static int transaction_add_record(
	struct control *control, enum message_type type, struct error *err)
{
	struct config *config = control->transaction.config;
	const void *body = control->message.body;
	int rc;

	switch (type) {
	case MESSAGE_APPLY_SERVICE:
		rc = transaction_check_room(err, config->service_count,
			control->running.service_registry.capacity, "services", "services_max");
		if (rc != 0)
			return rc;
		rc = config_add_service(config, body);
		break;
	case MESSAGE_APPLY_POOL:
		rc = config_add_pool(config, body);
		break;
	default:
		rc = transaction_check_room(err, config->backend_count,
			control->running.backend_registry.capacity, "backends", "backends_max");
		if (rc != 0)
			return rc;
		rc = config_add_backend(config, body);
	}
	if (rc == -E2BIG)
		return error_set(err, E2BIG, "no configuration may have so many records");
	return rc == 0 ? 0 : error_set(err, ENOMEM, "out of memory");
}

// Its content is judged at the commit. After the first record that cannot be taken the others are
// let go by.
void transaction_add(struct control *control, enum message_type type)
{
	struct transaction *transaction = &control->transaction;

	if (transaction->config != NULL && transaction->code == 0)
		transaction->code = -transaction_add_record(control, type, &transaction->error);
}

static int transaction_check(const struct control *control, struct error *err)
{
	const struct transaction *transaction = &control->transaction;
	const struct message_apply *header = &transaction->header;
	const struct config *config = transaction->config;

	if (config == NULL)
		return error_set(err, EPROTO, "a commit without a transaction");
	if (transaction->code != 0)
		return error_set(err, transaction->code, "%s", transaction->error.text);
	if (header->service_count != config->service_count ||
		header->pool_count != config->pool_count ||
		header->backend_count != config->backend_count)
		return error_set(err, EPROTO, "the transaction is not whole");
	if (header->if_version != 0 && header->if_version != control->running.version)
		return error_set(err, ESTALE, "version %lu is in force, not %lu",
			control->running.version, header->if_version);
	return announce_check_own(control->kernel, config, err);
}

static void transaction_refuse(
	struct control *control, bool is_plan, int rc, const struct error *err)
{
	struct history_entry author = HISTORY_NOBODY;

	history_identify(channel_server_client(control->server), &author.uid, &author.pid);
	commits_count_refusal(&control->commits, is_plan ? NULL : &author, err->text);
	control_reply_error(control, -rc, err->text);
}

// Takes the configuration over.
static void transaction_start(struct control *control, bool is_plan)
{
	struct transaction *transaction = &control->transaction;
	struct commit *commit =
		commits_new(&control->commits, is_plan ? COMMIT_PLAN : COMMIT_APPLY);

	if (commit != NULL) {
		commit->config = transaction->config;
		transaction->config = NULL;
	}
	if (commit != NULL && !is_plan) {
		commit->if_version = transaction->header.if_version;
		commit->confirm_s = transaction->header.confirm_s;
		commit->is_forced = transaction->header.is_forced == 1;
	}
	commits_start(&control->commits, commit);
}

void transaction_commit(struct control *control, bool is_plan)
{
	struct error err;
	int rc = transaction_check(control, &err);

	if (rc != 0)
		transaction_refuse(control, is_plan, rc, &err);
	else
		transaction_start(control, is_plan);
	transaction_forget(&control->transaction);
}
