// SPDX-License-Identifier: BSD-3-Clause
#include <config/value.h>
#include <health/conversation.h>
#include <health/http_response.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// One request and its response. The connection is ours alone, so the request asks to close it.

#define READ_SIZE  4096
#define QUOTE_SIZE 56 // what of a text fits into a reason

// What is good where the policy names no status.
#define STATUS_FIRST 200
#define STATUS_LAST  399

struct http_exchange {
	struct http_response response;
	size_t size; // of the request
	size_t sent;
	char request[512];
};

void http_exchange_free(struct http_exchange *exchange)
{
	free(exchange);
}

static enum progress begin(struct conversation *conversation)
{
	const struct config_health *policy = conversation->request.policy;
	bool is_head = policy->method == CONFIG_METHOD_HEAD;
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));
	char host[64];

	if (exchange == NULL) {
		probe_fail_start(&conversation->result, &conversation->request, ENOMEM);
		return PROGRESS_FAILED;
	}
	conversation->http = exchange;
	http_response_init(&exchange->response, policy->body, is_head);
	exchange->size = (size_t)snprintf(exchange->request, sizeof(exchange->request),
		"%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: fulcrum-health/" FULCRUM_VERSION
		"\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		is_head ? "HEAD" : "GET", policy->path[0] != '\0' ? policy->path : "/",
		conversation_host(&conversation->request, host, sizeof(host)));
	return PROGRESS_NEXT;
}

static enum progress run_request(struct conversation *conversation)
{
	enum progress progress = PROGRESS_NEXT;
	struct http_exchange *exchange;

	if (conversation->http == NULL && begin(conversation) == PROGRESS_FAILED)
		return PROGRESS_FAILED;
	exchange = conversation->http;
	while (exchange->sent < exchange->size) {
		size_t size = conversation_write(conversation, exchange->request + exchange->sent,
			exchange->size - exchange->sent, &progress);

		if (size == 0)
			return progress;
		exchange->sent += size;
	}
	return PROGRESS_NEXT;
}

// "200, 204, 300-399"
static void list_statuses(const struct config_health *policy, char *text, size_t size)
{
	size_t used = 0;

	for (uint32_t i = 0; i < policy->status_count && used < size; i++) {
		const uint16_t *range = policy->status[i];
		const char *glue = i == 0 ? "" : ", ";

		used += (size_t)(range[0] == range[1]
					 ? snprintf(
						   text + used, size - used, "%s%u", glue, range[0])
					 : snprintf(text + used, size - used, "%s%u-%u", glue,
						   range[0], range[1]));
	}
}

static enum progress check_listed(
	struct conversation *conversation, const struct config_health *policy, uint16_t status)
{
	char wanted[64]; // of a longer list the beginning will do

	for (uint32_t i = 0; i < policy->status_count; i++) {
		if (status >= policy->status[i][0] && status <= policy->status[i][1])
			return PROGRESS_NEXT;
	}
	list_statuses(policy, wanted, sizeof(wanted));
	return conversation_fail(conversation, "it answers with status %u, not %s", status, wanted);
}

static enum progress check_status(struct conversation *conversation)
{
	uint16_t status = conversation->http->response.status;
	const struct config_health *policy = conversation->request.policy;

	if (policy->status_count > 0)
		return check_listed(conversation, policy, status);
	if (status >= STATUS_FIRST && status <= STATUS_LAST)
		return PROGRESS_NEXT;
	return conversation_fail(conversation, "it answers with status %u, not %u to %u", status,
		STATUS_FIRST, STATUS_LAST);
}

static enum progress check_body(struct conversation *conversation)
{
	const struct http_response *response = &conversation->http->response;
	const char *text = conversation->request.policy->body;
	char quoted[QUOTE_SIZE];

	if (text[0] == '\0' || response->text_found)
		return PROGRESS_NEXT;
	value_quote(text, quoted, sizeof(quoted));
	if (response->body_cut)
		return conversation_fail(
			conversation, "the first 64KiB of its answer do not have %s", quoted);
	return conversation_fail(conversation, "its answer does not have %s", quoted);
}

static enum progress judge(struct conversation *conversation, enum http_reading reading)
{
	const struct http_response *response = &conversation->http->response;

	if (reading == HTTP_BAD)
		return conversation_fail(conversation, "%s", response->why);
	if (response->status != 0 && check_status(conversation) == PROGRESS_FAILED)
		return PROGRESS_FAILED;
	return reading == HTTP_MORE ? PROGRESS_READ : check_body(conversation);
}

static enum progress run_response(struct conversation *conversation)
{
	struct http_response *response = &conversation->http->response;
	enum progress progress = PROGRESS_READ;
	char bytes[READ_SIZE];
	size_t size;

	do {
		enum progress read = PROGRESS_READ;

		size = conversation_read(conversation, bytes, sizeof(bytes), &read);
		if (size > 0)
			progress = judge(conversation, http_response_take(response, bytes, size));
		else if (read == PROGRESS_NEXT)
			return judge(conversation, http_response_end(response));
		else
			return read;
	} while (progress == PROGRESS_READ);
	return progress;
}

const struct phase phase_request = {"HTTP request to", run_request};
const struct phase phase_response = {"HTTP request to", run_response};
