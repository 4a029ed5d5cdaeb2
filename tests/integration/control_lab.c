// SPDX-License-Identifier: BSD-3-Clause
#include "control_lab.h"

#include <base/clock.h>
#include <base/log.h>
#include <control/control.h>
#include <event2/event.h>
#include <flow/flow_inline.h>
#include <metrics/metrics.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <snapshot/publish.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

bool lab_enter_namespace(void)
{
	if (unshare(CLONE_NEWNET) == 0 &&
		system("ip link set lo up && ip link add near type veth peer name far && "
		       "ip link set near up && ip link set far up && "
		       "ip addr add 192.0.2.1/24 dev near && "
		       "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev near nud permanent && "
		       "ip route add 10.0.0.0/8 via 192.0.2.2") == 0)
		return true;
	printf("skipped: this user may not make a network namespace\n");
	return false;
}

void lab_shell(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	assert_int_equal(system(line), 0);
}

// --- The daemon's process ---

struct worker_thread {
	struct publisher *publisher;
	uint32_t index;
	bool is_stuck;
	bool stop;
	pthread_t thread;
};

static void *run_worker(void *argument)
{
	struct worker_thread *worker = argument;
	const struct timespec nap = {.tv_nsec = 20000};
	uint64_t versions = 0;

	publisher_online(worker->publisher, worker->index);
	while (!__atomic_load_n(&worker->stop, __ATOMIC_RELAXED)) {
		if (!worker->is_stuck || versions == 0)
			versions += publisher_quiesce(worker->publisher, worker->index)->version;
		nanosleep(&nap, NULL);
	}
	publisher_offline(worker->publisher, worker->index);
	return NULL;
}

static void *new_lines(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

	memset(memory, 0, (size + 63) & ~(size_t)63);
	return memory;
}

static void add_flows(struct flow_table *table)
{
	static const struct flow_ttl ttl = {.seconds = {[FLOW_ESTABLISHED] = 3600}};
	struct flow_begin begin = {.client = flow_client_from_ipv4_be(0x0100007f),
		.client_port = 1,
		.state = FLOW_ESTABLISHED};

	for (uint32_t i = 0; i < 3; i++) {
		begin.hash = 0x123456789abcdefull * (i + 1);
		begin.backend = i / 2; // of generation 0
		flow_insert(
			table, &begin, &ttl, 1, (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S));
	}
}

static void stop_asked(int signal, short what, void *base)
{
	event_base_loopbreak(base);
}

static void start_workers(struct worker_thread *workers, struct publisher *publisher,
	const struct lab_options *options)
{
	for (uint32_t i = 0; i < options->workers + options->has_stuck_worker; i++) {
		workers[i] = (struct worker_thread){
			.publisher = publisher, .index = i, .is_stuck = i == options->workers};
		pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]);
	}
}

static void stop_workers(struct worker_thread *workers, const struct lab_options *options)
{
	for (uint32_t i = 0; i < options->workers + options->has_stuck_worker; i++) {
		__atomic_store_n(&workers[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(workers[i].thread, NULL);
	}
}

// The loop until SIGTERM.
static int serve(const struct lab *lab, const struct control_config *config)
{
	struct event_base *base = event_base_new();
	struct event *term = evsignal_new(base, SIGTERM, stop_asked, base);
	struct worker_thread workers[8];
	struct control *control;
	struct error err;

	event_add(term, NULL);
	if (control_new(base, config, &control, &err) != 0) {
		log_error("%s", err.text);
		event_free(term);
		event_base_free(base);
		return 3;
	}
	start_workers(workers, config->publisher, &lab->options);
	event_base_dispatch(base);
	stop_workers(workers, &lab->options);
	control_save_flows(control);
	control_free(control);
	event_free(term);
	event_base_free(base);
	return 0;
}

static int run_daemon(const struct lab *lab)
{
	const struct lab_options *options = &lab->options;
	struct daemon_config daemon = {.channel_mode = 0600,
		.backends_max = options->backends_max,
		.services_max = options->services_max,
		.worker_cores = {5},
		.metrics = {addr_from_ipv4_be(htobe32(INADDR_LOOPBACK)), options->metrics_port}};
	struct running_port port = {.name = "wan", .device = "net_none", .id = 31, .mtu = 1500};
	void *counters = new_lines(metrics_footprint(daemon.backends_max, daemon.services_max));
	struct metrics_worker *metrics =
		metrics_new(counters, daemon.backends_max, daemon.services_max);
	void *rows = new_lines(flow_table_footprint(1024));
	struct flow_table *flows = flow_table_new(rows, 1024);
	struct publisher publisher;
	struct control_config config = {.daemon = &daemon,
		.publisher = &publisher,
		.metrics = &metrics,
		.flows = &flows,
		.worker_count = 1,
		.ports = &port,
		.port_count = options->kernel_interface != NULL};
	int status;

	snprintf(daemon.channel, sizeof(daemon.channel), "%s", lab->channel);
	snprintf(daemon.state, sizeof(daemon.state), "%s", lab->state);
	if (options->kernel_interface != NULL)
		snprintf(port.kernel_interface, sizeof(port.kernel_interface), "%s",
			options->kernel_interface);
	if (options->has_flows) {
		add_flows(flows);
		metrics_add(&metrics->backends[0].packets, 10); // an earlier owner's
	}
	publisher_init(&publisher, 8);
	status = serve(lab, &config);
	publisher_destroy(&publisher);
	free(counters);
	free(rows);
	return status;
}

void lab_init(struct lab *lab, const struct lab_options *options)
{
	*lab = (struct lab){.options = *options};
	if (lab->options.backends_max == 0)
		lab->options.backends_max = 64;
	if (lab->options.services_max == 0)
		lab->options.services_max = 16;
	strcpy(lab->folder, "/tmp/fulcrum-control-XXXXXX");
	assert_non_null(mkdtemp(lab->folder));
	snprintf(lab->channel, sizeof(lab->channel), "%s/channel", lab->folder);
	snprintf(lab->state, sizeof(lab->state), "%s/state", lab->folder);
}

void lab_start(struct lab *lab)
{
	assert_int_equal(lab->pid, 0);
	fflush(NULL);
	lab->pid = fork();
	assert_true(lab->pid >= 0);
	if (lab->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that dies leaves no daemon behind
		exit(run_daemon(lab));
	}
}

void lab_stop(struct lab *lab)
{
	int status;

	lab_leave(lab);
	kill(lab->pid, SIGTERM);
	assert_int_equal(waitpid(lab->pid, &status, 0), lab->pid);
	lab->pid = 0;
	assert_int_equal(status, 0);
}

void lab_kill(struct lab *lab)
{
	lab_leave(lab);
	kill(lab->pid, SIGKILL);
	waitpid(lab->pid, NULL, 0);
	lab->pid = 0;
}

void lab_free(struct lab *lab)
{
	if (lab->pid != 0)
		lab_stop(lab);
	lab_shell("rm -r %s", lab->folder);
}

int lab_setup(void **state, const struct lab_options *options)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	lab_init(lab, options);
	lab_start(lab);
	*state = lab;
	return 0;
}

int lab_setup_usual(void **state)
{
	return lab_setup(state,
		&(struct lab_options){.workers = 1, .has_flows = true, .kernel_interface = "near"});
}

int lab_teardown(void **state)
{
	struct lab *lab = *state;

	lab_leave(lab);
	lab_free(lab);
	free(lab);
	return 0;
}
