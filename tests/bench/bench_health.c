// SPDX-License-Identifier: BSD-3-Clause
// More than 10,000 probes at once, each of which awaits a greeting for most of its interval; and
// how late the next ones start. What the machine kept the thread waiting for a core is told beside
// it: nothing is in time without one.
#include <base/clock.h>
#include <config/config.h>
#include <health/health.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TARGETS     16000
#define INTERVAL_MS 10000
#define GREETING_MS 6500 // long before the next probe is due, so that a busy server makes none late
#define WARM_S      12
#define MEASURED_S  30
#define SKIPPED     77
#define DESCRIPTORS 16384
#define HELD_MAX    16384

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

// --- The server, in a process of its own ---

struct held {
	int fd;
	uint64_t due_ns;
};

static int listener_new(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 4096) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		fail("a listening socket");
	*port = ntohs(address.sin_port);
	return fd;
}

// Greets and closes by a RST, so that no TIME_WAIT piles up.
static void greet(int fd)
{
	const struct linger at_once = {.l_onoff = 1};

	send(fd, "ready\r\n", 7, MSG_NOSIGNAL);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

// Connections wait in the order in which they came, all for as long.
static void serve(int listener)
{
	static struct held held[HELD_MAX];
	uint32_t first = 0, next = 0;
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int fd;

		epoll_wait(epoll, &event, 1, 1);
		while (next - first < HELD_MAX && (fd = accept(listener, NULL, NULL)) >= 0)
			held[next++ % HELD_MAX] = (struct held){
				fd, clock_monotonic_ns() + GREETING_MS * CLOCK_NS_PER_MS};
		while (first != next && held[first % HELD_MAX].due_ns <= clock_monotonic_ns())
			greet(held[first++ % HELD_MAX].fd);
	}
}

// --- The probes ---

struct bench {
	struct event_base *base;
	struct health *health;
	struct health_stats before;
	uint64_t cpu_ns, waited_ns;
	uint32_t least, most; // descriptors of probes in flight
};

static uint32_t open_sockets(void)
{
	uint32_t count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		int kind;
		socklen_t size = sizeof(kind);

		count += getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) == 0;
	}
	return count;
}

// What this thread has run, and waited for a core to run on.
static void read_schedule(uint64_t *cpu_ns, uint64_t *waited_ns)
{
	unsigned long long cpu = 0, waited = 0;
	FILE *file = fopen("/proc/self/schedstat", "re");

	if (file == NULL || fscanf(file, "%llu %llu", &cpu, &waited) != 2)
		fprintf(stderr, "the kernel keeps no account of waiting\n");
	if (file != NULL)
		fclose(file);
	*cpu_ns = cpu;
	*waited_ns = waited;
}

static void ignore_change(void *context, uint32_t id, enum health_status status, const char *reason)
{
}

static struct health_target target(uint32_t i, uint16_t port)
{
	struct health_target target = {.id = i,
		.port = port,
		.policy = {.type = CONFIG_PROBE_TCP,
			.interval_ms = INTERVAL_MS,
			.timeout_ms = INTERVAL_MS,
			.rise = 1,
			.fall = 3,
			.expect = "ready"},
		.group = "bench"};

	// A port of ours towards each address: 127.1.0.1 and on.
	target.address = addr_from_ipv4_be(htonl(0x7f010001 + i));
	return target;
}

static void run_s(struct bench *bench, uint32_t seconds)
{
	struct timeval time = {.tv_sec = seconds};

	event_base_loopexit(bench->base, &time);
	event_base_loop(bench->base, 0);
}

// Before and after what is measured, as it takes its time.
static void look(struct bench *bench)
{
	uint32_t now = open_sockets();

	if (now < bench->least || bench->least == 0)
		bench->least = now;
	if (now > bench->most)
		bench->most = now;
}

static void print_lateness(const struct histogram *before, const struct histogram *after)
{
	uint64_t total = 0, sum = 0;

	for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		total += after->counts[i] - before->counts[i];
	for (uint32_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		sum += after->counts[i] - before->counts[i];
		printf("  %8.4f%% within %s s of when they were due\n",
			100.0 * (double)sum / (double)total, histogram_bounds_text[i]);
		if (sum == total)
			break;
	}
}

static void report(const struct bench *bench)
{
	struct health_stats after;
	uint64_t cpu_ns, waited_ns;

	health_stats(bench->health, &after);
	read_schedule(&cpu_ns, &waited_ns);
	printf("%u to %u probes in flight, %.0f begun a second for %u s, %llu failed, %llu for want of a descriptor or port\n",
		bench->least, bench->most,
		(double)(after.probes - bench->before.probes) / MEASURED_S, MEASURED_S,
		(unsigned long long)(after.failures - bench->before.failures),
		(unsigned long long)(after.local_failures - bench->before.local_failures));
	print_lateness(&bench->before.lateness, &after.lateness);
	printf("the thread ran for %.2f s of them (%.0f us a probe), and the machine kept it waiting for a core for %.2f s\n",
		(double)(cpu_ns - bench->cpu_ns) / CLOCK_NS_PER_S,
		(double)(cpu_ns - bench->cpu_ns) / 1e3 /
			(double)(after.probes - bench->before.probes),
		(double)(waited_ns - bench->waited_ns) / CLOCK_NS_PER_S);
}

static void measure(struct bench *bench, uint16_t port)
{
	if (health_new(bench->base, ignore_change, NULL, &bench->health) != 0)
		fail("health_new");
	for (uint32_t i = 0; i < TARGETS; i++) {
		struct health_target each = target(i, port);

		if (health_put_target(bench->health, &each, i) != 0)
			fail("health_put_target");
	}
	run_s(bench, WARM_S);
	look(bench);
	health_stats(bench->health, &bench->before);
	read_schedule(&bench->cpu_ns, &bench->waited_ns);
	run_s(bench, MEASURED_S);
	look(bench);
	report(bench);
	health_free(bench->health);
}

int main(void)
{
	struct rlimit limit;
	struct bench bench = {0};
	uint16_t port;
	int listener;
	pid_t server;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < DESCRIPTORS) {
		printf("skipped: this user may not have %u descriptors\n", DESCRIPTORS);
		return SKIPPED;
	}
	limit.rlim_cur = DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit);
	listener = listener_new(&port);
	server = fork();
	if (server == 0)
		serve(listener);
	close(listener);
	bench.base = event_base_new();
	measure(&bench, port);
	event_base_free(bench.base);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return EXIT_SUCCESS;
}
