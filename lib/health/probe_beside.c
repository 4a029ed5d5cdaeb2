// SPDX-License-Identifier: BSD-3-Clause
#include <health/probe.h>

#include <stdlib.h>
#include <string.h>

// The policy's own probe, and one through the path beside it: both must succeed. They begin
// together. Where the own one fails, that is the reason, since it says more of the server; so a
// failure of the other one waits for it.

struct part {
	struct beside *whole;
	struct probe_request request;
	const struct probe_kind *kind;
	void *probe; // NULL: it ended, and 'result' says how
	struct probe_result result;
};

struct beside {
	struct probe_request request;
	struct part own;
	struct part path;
};

static void end_part(struct part *part)
{
	if (part->probe != NULL)
		part->kind->cancel(part->probe);
	part->probe = NULL;
}

static bool own_failed(const struct beside *beside)
{
	return beside->own.probe == NULL && beside->own.result.outcome == PROBE_FAILED;
}

static bool is_over(const struct beside *beside)
{
	return own_failed(beside) || (beside->own.probe == NULL && beside->path.probe == NULL);
}

// A failure counts more than a lack of this machine's own, and that more than a success.
static const struct probe_result *worse(const struct beside *beside)
{
	static const uint8_t rank[] = {[PROBE_SUCCEEDED] = 0,
		[PROBE_UNDECIDED] = 1,
		[PROBE_LOCAL] = 2,
		[PROBE_FAILED] = 3};
	const struct probe_result *own = &beside->own.result;
	const struct probe_result *path = &beside->path.result;

	return rank[own->outcome] >= rank[path->outcome] ? own : path;
}

static void conclude(struct beside *beside, struct probe_result *out)
{
	*out = *worse(beside);
	if (out->certificate_end_s == 0)
		out->certificate_end_s = beside->own.result.certificate_end_s;
	if (out->remark[0] == '\0')
		memcpy(out->remark, beside->path.result.remark, sizeof(out->remark));
}

static void beside_free(struct beside *beside)
{
	end_part(&beside->own);
	end_part(&beside->path);
	free(beside);
}

static void part_done(void *context, const struct probe_result *result)
{
	struct part *part = context;
	struct beside *beside = part->whole;
	struct probe_request request = beside->request;
	struct probe_result whole;

	part->probe = NULL;
	part->result = *result;
	if (!is_over(beside))
		return;
	conclude(beside, &whole);
	beside_free(beside);
	request.done(request.context, &whole);
}

static void start_part(struct part *part, struct beside *beside, const struct probe_kind *kind)
{
	part->whole = beside;
	part->kind = kind;
	part->request = beside->request;
	part->request.done = part_done;
	part->request.context = part;
	part->probe = kind->start(&part->request, &part->result);
}

static void *beside_start(const struct probe_request *request, struct probe_result *result)
{
	struct beside *beside = calloc(1, sizeof(*beside));

	if (beside == NULL) {
		result->outcome = PROBE_LOCAL;
		strcpy(result->reason, "out of memory");
		return NULL;
	}
	beside->request = *request;
	start_part(&beside->own, beside, probe_kind_of(request->policy->type));
	if (!own_failed(beside))
		start_part(&beside->path, beside, request->path);
	if (!is_over(beside))
		return beside;
	conclude(beside, result);
	beside_free(beside);
	return NULL;
}

static void beside_cancel(void *probe)
{
	beside_free(probe);
}

static const char *beside_doing(const void *probe)
{
	const struct beside *beside = probe;
	const struct part *part = beside->own.probe != NULL ? &beside->own : &beside->path;

	return part->kind->doing(part->probe);
}

static void expire_part(struct part *part, const char *timeout)
{
	if (part->probe != NULL)
		probe_expire(part->kind, part->probe, &part->request, timeout, &part->result);
}

static void beside_expire(void *probe, const char *timeout, struct probe_result *result)
{
	struct beside *beside = probe;

	expire_part(&beside->own, timeout);
	expire_part(&beside->path, timeout);
	conclude(beside, result);
}

const struct probe_kind probe_beside = {.start = beside_start,
	.cancel = beside_cancel,
	.doing = beside_doing,
	.expire = beside_expire};
