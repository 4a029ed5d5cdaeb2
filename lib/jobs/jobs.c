// SPDX-License-Identifier: BSD-3-Clause
#include <jobs/jobs.h>

#include <errno.h>
#include <stdlib.h>

struct jobs {
	struct job *thread;
	struct {
		jobs_start_fn *start;
		void *context;
	} kinds[JOBS_KINDS];
};

int jobs_new(struct event_base *base, struct jobs **out)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	if (jobs == NULL)
		return -ENOMEM;
	if (job_new(base, &jobs->thread) != 0) {
		free(jobs);
		return -ENOMEM;
	}
	*out = jobs;
	return 0;
}

void jobs_free(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	job_free(jobs->thread);
	free(jobs);
}

void jobs_set(struct jobs *jobs, enum jobs_kind kind, jobs_start_fn *start, void *context)
{
	jobs->kinds[kind].start = start;
	jobs->kinds[kind].context = context;
}

void jobs_next(struct jobs *jobs)
{
	for (uint32_t k = 0; k < JOBS_KINDS && !job_is_busy(jobs->thread); k++) {
		if (jobs->kinds[k].start != NULL && jobs->kinds[k].start(jobs->kinds[k].context))
			return;
	}
}

void jobs_run(struct jobs *jobs, job_fn *work, job_fn *done, void *context)
{
	job_start(jobs->thread, work, done, context);
}
