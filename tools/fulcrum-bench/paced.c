// SPDX-License-Identifier: BSD-3-Clause
#include "paced.h"

#include "stage.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>
#include <sys/resource.h>
#include <time.h>

#define LEAP_US 10 // nobody is given the core for less

static long count_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static void note_leap(struct paced *paced, uint64_t now_tsc)
{
	long switches = count_switches();

	if (switches == paced->switches)
		return; // an interrupt, or our own doing
	paced->switches = switches;
	paced->leaps++;
	paced->off_ticks += now_tsc - paced->looked_tsc;
	paced->is_disturbed = true;
}

static inline uint64_t look(struct paced *paced)
{
	uint64_t now_tsc = rte_rdtsc();

	if (unlikely(now_tsc - paced->looked_tsc > paced->leap_ticks))
		note_leap(paced, now_tsc);
	paced->looked_tsc = now_tsc;
	return now_tsc;
}

static uint64_t *due_of(const struct paced *paced, struct rte_mbuf *mbuf)
{
	return RTE_MBUF_DYNFIELD(mbuf, paced->due_field, uint64_t *);
}

static uint16_t stamp(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count,
	uint16_t room, void *state)
{
	struct paced *paced = state;

	(void)port, (void)queue, (void)room;
	for (uint16_t i = 0; i < count; i++)
		*due_of(paced, mbufs[i]) = paced->due[i];
	return count;
}

static uint16_t record(
	uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count, void *state)
{
	struct paced *paced = state;
	uint64_t now_tsc = look(paced);
	struct histogram *times = paced->is_disturbed ? &paced->disturbed : &paced->quiet;

	(void)port, (void)queue;
	for (uint16_t i = 0; i < count; i++)
		histogram_add(times, now_tsc - *due_of(paced, mbufs[i]));
	return count;
}

void paced_open(struct paced *paced, struct lane *lane)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "fulcrum_bench_due", .size = sizeof(uint64_t), .align = sizeof(uint64_t)};
	uint16_t port = lane->generator.port, queue = (uint16_t)lane->index;

	paced->lane = lane;
	paced->due_field = rte_mbuf_dynfield_register(&field);
	paced->leap_ticks = rte_get_tsc_hz() / 1000000 * LEAP_US;
	need(paced->due_field >= 0, "a buffer has no room for a time");
	need(rte_eth_add_rx_callback(port, queue, stamp, paced) != NULL &&
			rte_eth_add_tx_callback(port, queue, record, paced) != NULL,
		"the null port takes no callbacks");
}

// Until the packets of one burst are sent.
static inline void poll_burst(struct paced *paced, uint32_t count)
{
	paced->lane->generator.options.burst = count;
	worker_poll(paced->lane->worker);
}

static void begin(struct paced *paced)
{
	histogram_clear(&paced->quiet);
	histogram_clear(&paced->disturbed);
	paced->off_ticks = 0;
	paced->is_disturbed = false;
	paced->switches = count_switches();
	paced->looked_tsc = rte_rdtsc();
}

double paced_capacity(struct paced *paced, uint64_t packets)
{
	struct timespec before, after;
	double seconds;

	begin(paced);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	for (uint64_t done = 0; done < packets; done += PIPELINE_BURST) {
		paced->due[0] = look(paced);
		for (uint32_t i = 1; i < PIPELINE_BURST; i++)
			paced->due[i] = paced->due[0];
		poll_burst(paced, PIPELINE_BURST);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	seconds = (double)(after.tv_sec - before.tv_sec) +
		  (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	return (double)packets / seconds;
}

void paced_run(struct paced *paced, double packets_a_second, bool is_poisson, uint64_t duration_ms,
	const bool *go_on)
{
	double hz = (double)rte_get_tsc_hz();
	uint64_t duration = (uint64_t)(hz / 1000) * duration_ms, end_tsc, last_tsc;

	pace_open(&paced->pace, hz / packets_a_second, is_poisson);
	begin(paced);
	pace_start(&paced->pace, rte_rdtsc());
	end_tsc = paced->pace.start_tsc + duration;
	last_tsc = paced->pace.start_tsc + PACED_LONGEST * duration;
	while (pace_next(&paced->pace) < end_tsc) {
		uint64_t now_tsc = look(paced), leaps = paced->leaps;
		uint32_t count = pace_take(
			&paced->pace, RTE_MIN(now_tsc, end_tsc), PIPELINE_BURST, paced->due);

		if (unlikely(now_tsc > end_tsc) && now_tsc < last_tsc &&
			__atomic_load_n(go_on, __ATOMIC_RELAXED))
			end_tsc = now_tsc;
		poll_burst(paced, count);
		if (count < PIPELINE_BURST && paced->leaps == leaps)
			paced->is_disturbed = false; // nothing waits any more
	}
	paced->run_ticks = rte_rdtsc() - paced->pace.start_tsc;
}

double paced_off_percent(const struct paced *paced)
{
	return 100 * (double)paced->off_ticks / (double)paced->run_ticks;
}
