// SPDX-License-Identifier: BSD-3-Clause
#include "threads.h"

#include <rte_alarm.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <semaphore.h>

struct threads_turn {
	int (*act)(void *context);
	void *context;
	int rc;
	sem_t done;
};

// Alarms are called by the thread that handles interrupts.
static void threads_on_alarm(void *argument)
{
	struct threads_turn *turn = argument;

	turn->rc = turn->act(turn->context);
	sem_post(&turn->done);
}

static int threads_on_worker(void *argument)
{
	threads_on_alarm(argument);
	return 0;
}

// What the thread did is seen by whoever waits for it here.
static int threads_finish(struct threads_turn *turn, int rc)
{
	while (rc == 0 && sem_wait(&turn->done) != 0)
		;
	sem_destroy(&turn->done);
	return rc != 0 ? rc : turn->rc;
}

static int threads_interrupts(int (*act)(void *context), void *context)
{
	struct threads_turn turn = {.act = act, .context = context};

	sem_init(&turn.done, 0, 0);
	return threads_finish(&turn, rte_eal_alarm_set(1, threads_on_alarm, &turn));
}

static int threads_worker(int (*act)(void *context), void *context, unsigned int lcore)
{
	struct threads_turn turn = {.act = act, .context = context};
	int rc;

	sem_init(&turn.done, 0, 0);
	rc = threads_finish(&turn, rte_eal_remote_launch(threads_on_worker, &turn, lcore));
	rte_eal_wait_lcore(lcore); // it is free for the next one
	return rc;
}

int threads_each(int (*act)(void *context), void *context)
{
	int rc = threads_interrupts(act, context);
	unsigned int lcore;

	RTE_LCORE_FOREACH_WORKER (lcore) {
		int one = threads_worker(act, context, lcore);

		if (rc == 0)
			rc = one;
	}
	return rc;
}
