// SPDX-License-Identifier: BSD-3-Clause
#include "control_lab.h"

#include <base/clock.h>
#include <base/log.h>
#include <control/control.h>
#include <errno.h>
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

#define WAIT_MS 60000

bool lab_enter_namespace(void)
{
	return unshare(CLONE_NEWNET) == 0 &&
	       system("ip link set lo up && ip link add near type veth peer name far && "
		      "ip link set near up && ip link set far up && "
		      "ip addr add 192.0.2.1/24 dev near && "
		      "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev near nud permanent && "
		      "ip route add 10.0.0.0/8 via 192.0.2.2") == 0;
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
	struct control_port port = {.name = "wan", .device = "net_none", .id = 31, .mtu = 1500};
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

// --- The client ---

void lab_join(struct lab *lab)
{
	uint64_t until_ns = clock_monotonic_ns() + WAIT_MS * CLOCK_NS_PER_MS;
	const struct timespec nap = {.tv_nsec = 1000000};
	struct error err;
	int rc;

	while (lab->client == NULL) {
		rc = channel_client_open(lab->channel, WAIT_MS, &lab->client, &err);
		if (rc != 0 && clock_monotonic_ns() > until_ns)
			fail_msg("%s", err.text);
		// It has not come up, or what it replaces is still there, or just went.
		if (rc != 0 && rc != -ENOENT && rc != -ECONNREFUSED && rc != -ECONNRESET)
			fail_msg("%s", err.text);
		if (rc != 0)
			nanosleep(&nap, NULL);
	}
}

void lab_leave(struct lab *lab)
{
	channel_client_close(lab->client);
	lab->client = NULL;
}

void lab_send(struct lab *lab, enum message_type type, const void *body, size_t size)
{
	struct error err;

	lab_join(lab);
	lab->message.type = (uint16_t)type;
	lab->message.zero = 0;
	lab->message.size = (uint32_t)size;
	if (size > 0)
		memcpy(lab->message.body, body, size);
	if (channel_client_send(lab->client, &lab->message, WAIT_MS, &err) != 0)
		fail_msg("%s", err.text);
}

enum message_type lab_receive(struct lab *lab)
{
	struct error err;

	if (channel_client_receive(lab->client, &lab->message, WAIT_MS, &err) != 0)
		fail_msg("%s", err.text);
	return (enum message_type)lab->message.type;
}

int lab_finish(struct lab *lab, struct message_done *done)
{
	enum message_type type;

	do {
		type = lab_receive(lab);
	} while (type != MESSAGE_DONE && type != MESSAGE_ERROR);
	if (type == MESSAGE_ERROR)
		return -1;
	if (done != NULL)
		memcpy(done, lab->message.body, sizeof(*done));
	return 0;
}

const char *lab_error(const struct lab *lab)
{
	return ((const struct message_error *)lab->message.body)->text;
}

int lab_error_code(const struct lab *lab)
{
	return ((const struct message_error *)lab->message.body)->code;
}

void lab_begin(struct lab *lab, const struct config *config, uint64_t if_version)
{
	struct message_apply begin = {.service_count = config->service_count,
		.pool_count = config->pool_count,
		.backend_count = config->backend_count,
		.if_version = if_version};

	memcpy(begin.hash_key, config->hash_key, sizeof(begin.hash_key));
	begin.hash_key_set = config->hash_key_set;
	lab_send(lab, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
	assert_int_equal(lab_finish(lab, NULL), 0);
}

// What config_finish() has set is zero on the channel.
void lab_send_records(struct lab *lab, const struct config *config)
{
	for (uint32_t i = 0; i < config->service_count; i++) {
		struct config_service service = config->services[i];

		service.pool_index = 0;
		lab_send(lab, MESSAGE_APPLY_SERVICE, &service, sizeof(service));
	}
	for (uint32_t i = 0; i < config->pool_count; i++) {
		struct config_pool pool = config->pools[i];

		pool.first_backend = 0;
		pool.backend_count = 0;
		lab_send(lab, MESSAGE_APPLY_POOL, &pool, sizeof(pool));
	}
	for (uint32_t i = 0; i < config->backend_count; i++) {
		struct config_backend backend = config->backends[i];

		backend.pool_index = 0;
		lab_send(lab, MESSAGE_APPLY_BACKEND, &backend, sizeof(backend));
	}
}

int lab_apply(struct lab *lab, const struct config *config, struct message_done *done)
{
	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	return lab_finish(lab, done);
}

int lab_apply_text(struct lab *lab, const char *yaml, struct message_done *done)
{
	struct config *config = lab_config(yaml);
	int rc = lab_apply(lab, config, done);

	config_free(config);
	return rc;
}

int lab_set_backend(struct lab *lab, const char *name, uint32_t state, uint32_t weight,
	struct message_done *done)
{
	struct message_backend_set set = {.state = state, .weight = weight};

	memcpy(set.name, name, strlen(name) < sizeof(set.name) ? strlen(name) : sizeof(set.name));
	lab_send(lab, MESSAGE_BACKEND_SET, &set, sizeof(set));
	return lab_finish(lab, done);
}

uint32_t lab_show(
	struct lab *lab, enum message_show_what what, void *rows, uint32_t most, size_t size)
{
	struct message_show show = {.what = what};
	uint32_t count = 0;
	enum message_type type;

	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	while ((type = lab_receive(lab)) != MESSAGE_DONE) {
		if (type == MESSAGE_ERROR)
			fail_msg("%s", lab_error(lab));
		if (what != MESSAGE_SHOW_CONFIG)
			assert_int_equal(lab->message.size, size);
		if (count++ < most)
			memcpy((uint8_t *)rows + (count - 1) * size, lab->message.body, size);
	}
	return count;
}

struct config *lab_config(const char *yaml)
{
	struct config *config;
	struct error err;

	if (config_load_text("test.yaml", yaml, strlen(yaml), &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}

struct config *lab_config_large(uint32_t services, uint32_t backends)
{
	struct config *config = config_new();
	struct error err;

	for (uint32_t s = 0; s < services; s++) {
		struct config_service service = {.port_first = 443,
			.port_last = 443,
			.protocol = CONFIG_TCP,
			.prefer_floor = 70,
			.flow_ttl = {30, 3600, 10, 60},
			.announce = {.quorum = 1}};
		struct config_pool pool = {.table_size = 65537,
			.health = {.type = CONFIG_PROBE_NONE,
				.interval_ms = 2000,
				.timeout_ms = 1000,
				.flap_window_ms = 300000,
				.flap_hold_ms = 30000,
				.rise = 2,
				.fall = 3}};

		snprintf(service.name, sizeof(service.name), "service-%u", s);
		snprintf(service.pool, sizeof(service.pool), "pool-%u", s);
		snprintf(pool.name, sizeof(pool.name), "pool-%u", s);
		service.vip = addr_from_ipv4_be(htobe32(0xcb007100 + s));
		config_add_service(config, &service);
		config_add_pool(config, &pool);
		for (uint32_t b = 0; b < backends; b++) {
			struct config_backend backend = {.weight = 100};

			snprintf(backend.name, sizeof(backend.name), "backend-%u", b);
			snprintf(backend.pool, sizeof(backend.pool), "pool-%u", s);
			backend.address = addr_from_ipv4_be(htobe32(0x0a000100 + s * backends + b));
			config_add_backend(config, &backend);
		}
	}
	if (config_finish(config, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}
