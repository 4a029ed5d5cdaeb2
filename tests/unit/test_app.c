// SPDX-License-Identifier: BSD-3-Clause
#include "arguments.h"
#include "fulcrumd.h"
#include <base/notify.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define PLENTY (8ull << 30)
#define WORKER "workers: {cores: [1]}\n"

static struct daemon_config config_of(const char *yaml)
{
	struct daemon_config config;
	struct error err;

	if (daemon_config_load_text("fulcrumd.yaml", yaml, strlen(yaml), &config, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}

#define PORT "ports: [{name: wan, device: \"net_tap0,iface=ftap0\", kernel_interface: fulcrum0}]\n"

// The arguments in one line.
static const char *line_of(const char *yaml, uint64_t hugepage_bytes)
{
	static char line[8192];
	struct daemon_config config = config_of(yaml);
	struct arguments *args = calloc(1, sizeof(*args));

	line[0] = '\0';
	assert_int_equal(arguments_make(args, &config, hugepage_bytes, NULL), 0);
	assert_null(args->argv[args->argc]);
	for (int i = 0; i < args->argc; i++) {
		strcat(line, args->argv[i]);
		strcat(line, " ");
	}
	free(args);
	return line;
}

static void assert_has(const char *line, const char *part)
{
	if (strstr(line, part) == NULL)
		fail_msg("'%s' is not in '%s'", part, line);
}

static void assert_lacks(const char *line, const char *part)
{
	if (strstr(line, part) != NULL)
		fail_msg("'%s' is in '%s'", part, line);
}

static void required_hugepages_that_are_not_there_are_told_with_their_remedy(void **state)
{
	struct daemon_config config =
		config_of("eal: {hugepages: required, memory: 256MiB}\n" WORKER PORT);
	struct arguments *args = calloc(1, sizeof(*args));
	struct error err;

	assert_int_equal(arguments_make(args, &config, 64 << 20, &err), -ENOMEM);
	assert_has(err.text, "64 MiB of hugepages are free, 256 MiB are needed");
	assert_has(err.text, "echo 128 > /proc/sys/vm/nr_hugepages");
	free(args);
}

static void hugepages_are_used_where_there_are_enough(void **state)
{
	static const struct {
		const char *mode;
		uint64_t bytes;
		bool used;
	} cases[] = {
		{"auto", 0, false},
		{"auto", (256ull << 20) - 1, false},
		{"auto", 256ull << 20, true},
		{"required", 256ull << 20, true},
		{"off", PLENTY, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char yaml[256];
		const char *line;

		snprintf(yaml, sizeof(yaml), "eal: {hugepages: %s, memory: 256MiB}\n" WORKER PORT,
			cases[i].mode);
		line = line_of(yaml, cases[i].bytes);
		if (cases[i].used) {
			assert_has(line, "--in-memory");
			assert_lacks(line, "--no-huge");
		} else {
			assert_has(line, "--no-huge -m 257 ");
			assert_lacks(line, "--in-memory");
		}
	}
}

static void what_is_needed_grows_with_flows_and_workers(void **state)
{
	unsigned long one = 0, large = 0, two = 0;
	const char *line;

	line = line_of("eal: {hugepages: off}\nflows: 65536\nworkers: {cores: [1]}\n" PORT, 0);
	sscanf(strstr(line, "-m "), "-m %lu", &one);
	line = line_of("eal: {hugepages: off}\nflows: 16777216\nworkers: {cores: [1]}\n" PORT, 0);
	sscanf(strstr(line, "-m "), "-m %lu", &large);
	line = line_of(
		"eal: {hugepages: off}\nflows: 16777216\nworkers: {cores: [1, 2]}\n" PORT, 0);
	sscanf(strstr(line, "-m "), "-m %lu", &two);
	assert_true(large - one > 500); // 16 million of 32 bytes
	assert_true(two - large > 500);
}

static void lcores_are_numbered_from_the_control_core_on(void **state)
{
	assert_has(line_of("control_core: 3\nworkers: {cores: [5, 7]}\n" PORT, PLENTY),
		"--lcores 0@3,1@5,2@7 --main-lcore 0 ");
	// With a single core they share it.
	assert_has(line_of("control_core: 0\nworkers: {cores: [0], idle: sleep}\n" PORT, PLENTY),
		"--lcores 0@0,1@0 ");
}

static void virtual_devices_need_no_pci_bus_and_pci_devices_are_allowed_by_name(void **state)
{
	const char *line = line_of(WORKER PORT, PLENTY);

	assert_has(line, "--vdev net_tap0,iface=ftap0 --no-pci");
	line = line_of(WORKER "ports: [{name: wan, device: \"0000:3b:00.0\"}]\n", PLENTY);
	assert_has(line, "--allow 0000:3b:00.0 ");
	assert_lacks(line, "--no-pci");
}

static void a_bond_is_a_virtual_device_whose_members_are_allowed(void **state)
{
	const char *line = line_of(WORKER
		"ports: [{name: wan, device: \"net_bonding0,mode=4,slave=0000:03:00.0,slave=0000:3B:00.1\"}]\n",
		PLENTY);

	assert_has(line,
		"--allow 0000:03:00.0 --allow 0000:3b:00.1 --vdev net_bonding0,mode=4,slave=");
	assert_lacks(line, "--no-pci");
	line = line_of(WORKER
		"ports: [{name: wan, device: \"net_bonding0,mode=1,slave=net_tap1\"}]\n",
		PLENTY);
	assert_has(line, "--no-pci");
	assert_lacks(line, "--allow");
}

static void an_operators_own_arguments_come_last(void **state)
{
	const char *line = line_of(
		"eal: {prefix: other, arguments: [--iova-mode=va, --legacy-mem]}\n" WORKER PORT,
		PLENTY);

	assert_has(line, "--file-prefix other ");
	assert_string_equal(strstr(line, "--iova-mode"), "--iova-mode=va --legacy-mem ");
}

// --- What systemd is told ---

static int listen_at(const char *path, size_t size)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(name.sun_path, path, size);
	if (path[0] == '@')
		name.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&name,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
		0);
	return fd;
}

static void systemd_is_told_by_either_kind_of_socket(void **state)
{
	char paths[2][64];
	char got[32];

	snprintf(paths[0], sizeof(paths[0]), "/tmp/fulcrum-notify-%d", getpid());
	snprintf(paths[1], sizeof(paths[1]), "@fulcrum-notify-%d", getpid());
	for (int i = 0; i < 2; i++) {
		int fd = listen_at(paths[i], strlen(paths[i]));

		setenv("NOTIFY_SOCKET", paths[i], 1);
		notify("READY=1");
		assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 7);
		assert_memory_equal(got, "READY=1", 7);
		close(fd);
	}
	unlink(paths[0]);
	notify("READY=1"); // nobody listens
	setenv("NOTIFY_SOCKET", "relative", 1);
	notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	notify("READY=1");
}

static void a_service_manager_that_does_not_read_is_waited_for_by_nobody(void **state)
{
	char path[64];
	int fd, told = 0;
	char got[32];

	snprintf(path, sizeof(path), "@fulcrum-notify-full-%d", getpid());
	fd = listen_at(path, strlen(path));
	setenv("NOTIFY_SOCKET", path, 1);
	while (notify("WATCHDOG=1"))
		assert_true(++told < 100000);
	assert_true(told > 0);
	assert_false(notify("READY=1"));
	while (recv(fd, got, sizeof(got), MSG_DONTWAIT) > 0)
		told--;
	assert_int_equal(told, 0);
	assert_true(notify("READY=1"));
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 7);
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(required_hugepages_that_are_not_there_are_told_with_their_remedy),
		cmocka_unit_test(hugepages_are_used_where_there_are_enough),
		cmocka_unit_test(what_is_needed_grows_with_flows_and_workers),
		cmocka_unit_test(lcores_are_numbered_from_the_control_core_on),
		cmocka_unit_test(
			virtual_devices_need_no_pci_bus_and_pci_devices_are_allowed_by_name),
		cmocka_unit_test(a_bond_is_a_virtual_device_whose_members_are_allowed),
		cmocka_unit_test(an_operators_own_arguments_come_last),
		cmocka_unit_test(systemd_is_told_by_either_kind_of_socket),
		cmocka_unit_test(a_service_manager_that_does_not_read_is_waited_for_by_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
