// SPDX-License-Identifier: BSD-3-Clause
#include "transfer.h"

#include <string.h>

static int send_begin(
	struct session *session, const struct config *config, const struct transfer_terms *terms)
{
	struct message_apply begin = {
		.hash_key_set = config->hash_key_set,
		.service_count = config->service_count,
		.pool_count = config->pool_count,
		.backend_count = config->backend_count,
		.if_version = terms->if_version,
		.confirm_s = terms->confirm_s,
		.is_forced = terms->is_forced,
	};
	int status;

	memcpy(begin.hash_key, config->hash_key, sizeof(begin.hash_key));
	status = session_send(session, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
	return status != CTL_OK ? status : session_receive(session, NULL, NULL, NULL);
}

// The records without what config_finish() set in them: the daemon works that out by itself.
static int send_records(struct session *session, const struct config *config)
{
	int status = CTL_OK;

	for (uint32_t i = 0; i < config->service_count && status == CTL_OK; i++) {
		struct config_service service = config->services[i];

		service.pool_index = 0;
		status = session_send(session, MESSAGE_APPLY_SERVICE, &service, sizeof(service));
	}
	for (uint32_t i = 0; i < config->pool_count && status == CTL_OK; i++) {
		struct config_pool pool = config->pools[i];

		pool.first_backend = 0;
		pool.backend_count = 0;
		status = session_send(session, MESSAGE_APPLY_POOL, &pool, sizeof(pool));
	}
	for (uint32_t i = 0; i < config->backend_count && status == CTL_OK; i++) {
		struct config_backend backend = config->backends[i];

		backend.pool_index = 0;
		status = session_send(session, MESSAGE_APPLY_BACKEND, &backend, sizeof(backend));
	}
	return status;
}

int transfer_config(
	struct session *session, const struct config *config, const struct transfer_terms *terms)
{
	int status = send_begin(session, config, terms);

	return status == CTL_OK ? send_records(session, config) : status;
}

int transfer_run_config(
	const struct ctl *ctl, const struct config *config, transfer_fn *run, void *context)
{
	struct session *session;
	int status = session_open(ctl, &session);

	if (status != CTL_OK)
		return status;
	status = run(session, config, context);
	session_close(session);
	return status;
}

int transfer_run(
	const struct ctl *ctl, const struct load_files *files, transfer_fn *run, void *context)
{
	struct config *config;
	int status = load_files(files, &config);

	if (status != CTL_OK)
		return status;
	status = transfer_run_config(ctl, config, run, context);
	config_free(config);
	return status;
}
