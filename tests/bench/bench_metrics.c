// SPDX-License-Identifier: BSD-3-Clause
// A page of metrics about 1,000 services of 100 backends each, and how soon the control thread
// answers somebody else meanwhile.
#include "../integration/control_lab.h"
#include "bench.h"

#include <base/clock.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SERVICES 1000
#define BACKENDS 100
#define PAGES    5
#define PORT     9110
#define IDLE_NS  (2 * CLOCK_NS_PER_S)
#define MOST     200000
#define SKIPPED  77

// Bytes of the answer; 0 where there was none.
static size_t get(const char *path)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static char piece[1 << 20];
	size_t size = 0;
	ssize_t got = 0;
	int length = snprintf(piece, sizeof(piece), "GET %s HTTP/1.0\r\n\r\n", path);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		send(fd, piece, (size_t)length, MSG_NOSIGNAL) == length)
		while ((got = recv(fd, piece, sizeof(piece), 0)) > 0)
			size += (size_t)got;
	close(fd);
	return got == 0 ? size : 0;
}

static double cpu_ms(pid_t pid)
{
	struct timespec cpu;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &cpu) != 0)
		return 0;
	return (double)cpu.tv_sec * 1e3 + (double)cpu.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

// Asks /healthz until the child has ended, or for IDLE_NS where there is none.
static void watch(const char *what, pid_t child)
{
	double *took_ms = calloc(MOST, sizeof(*took_ms));
	uint64_t begin_ns = clock_monotonic_ns();
	uint32_t count = 0;

	while (count < MOST) {
		const struct timespec nap = {.tv_nsec = 200000};
		uint64_t start_ns = clock_monotonic_ns();

		if (child == 0 ? start_ns - begin_ns > IDLE_NS : waitpid(child, NULL, WNOHANG) != 0)
			break;
		get("/healthz");
		took_ms[count++] = (double)(clock_monotonic_ns() - start_ns) / 1e6;
		nanosleep(&nap, NULL);
	}
	qsort(took_ms, count, sizeof(*took_ms), compare);
	printf("%-28s %6u answers: median %6.3f ms, 99%% within %6.3f ms, the slowest %6.3f ms\n",
		what, count, took_ms[count / 2], took_ms[count * 99 / 100], took_ms[count - 1]);
	free(took_ms);
}

// In a process of its own; prints what it got.
static pid_t scrape(void)
{
	uint64_t start_ns = clock_monotonic_ns();
	size_t size = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid != 0)
		return pid;
	for (int i = 0; i < PAGES; i++)
		size += get("/metrics");
	printf("a page: %.1f MB in %.0f ms\n", (double)size / PAGES / 1e6,
		(double)(clock_monotonic_ns() - start_ns) / PAGES / 1e6);
	fflush(stdout);
	_exit(0);
}

int main(void)
{
	struct config *config = lab_config_large(SERVICES, BACKENDS);
	double before_ms;
	struct lab lab;

	if (!lab_enter_namespace()) {
		printf("skipped: this user may not make a network namespace\n");
		return SKIPPED;
	}
	lab_init(&lab, &(struct lab_options){.backends_max = 200000,
			       .services_max = 2000,
			       .workers = 1,
			       .metrics_port = PORT,
			       .kernel_interface = "near"});
	lab_start(&lab);
	if (lab_apply(&lab, config, NULL) != 0)
		printf("%s\n", lab_error(&lab));
	lab_leave(&lab);
	get("/metrics"); // counts the shares for the first time
	watch("/healthz, nothing else", 0);
	before_ms = cpu_ms(lab.pid);
	watch("/healthz, beside pages", scrape());
	printf("processor time of the daemon: %.0f ms for %d pages and the answers\n",
		cpu_ms(lab.pid) - before_ms, PAGES);
	lab_free(&lab);
	config_free(config);
	return EXIT_SUCCESS;
}
