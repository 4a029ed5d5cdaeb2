// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_checks.h"

#include <string.h>
#include <sys/timex.h>

#define CLOCK "/sys/devices/system/clocksource/clocksource0/"

void doctor_check_clocksource(struct doctor *doctor)
{
	static const char *const good[] = {
		"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"};
	char name[64], others[256];

	if (!doctor_read(doctor, CLOCK "current_clocksource", name, sizeof(name))) {
		doctor_unknown(doctor, "the kernel does not say which it takes");
		return;
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strcmp(name, good[i]) == 0) {
			doctor_ok(doctor, "%s", name);
			return;
		}
	doctor_wrong(doctor, "%s, not tsc", name);
	doctor_read(doctor, CLOCK "available_clocksource", others, sizeof(others));
	if (strncmp(others, "tsc", 3) == 0 || strstr(others, " tsc") != NULL)
		doctor_mend(doctor, "echo tsc > " CLOCK "current_clocksource");
	else
		doctor_mend(doctor, "journalctl -k -b | grep -i tsc # says why the kernel left it");
}

// A test's machine has the status of the kernel's clock in a file.
static bool read_clock(const struct doctor *doctor, uint64_t *status)
{
	struct timex clock = {0};

	if (doctor->root[0] != '\0')
		return doctor_number(doctor, "/adjtimex", status);
	if (adjtimex(&clock) < 0)
		return false;
	*status = (uint64_t)clock.status;
	return true;
}

void doctor_check_clock(struct doctor *doctor)
{
	uint64_t status;

	if (!read_clock(doctor, &status)) {
		doctor_unknown(doctor, "the kernel does not say whether it is set by others");
	} else if ((status & STA_UNSYNC) == 0) {
		doctor_ok(doctor, "synchronised");
	} else {
		doctor_wrong(doctor, "not synchronised");
		doctor_mend(
			doctor, "apt-get install systemd-timesyncd && timedatectl set-ntp true");
	}
}

void doctor_check_tun(struct doctor *doctor)
{
	if (doctor_there(doctor, "/dev/net/tun")) {
		doctor_ok(doctor, "/dev/net/tun is there");
		return;
	}
	doctor_wrong(doctor, "/dev/net/tun is not there");
	doctor_mend(doctor, "modprobe tun && echo tun > /etc/modules-load.d/fulcrum-tun.conf");
}

void doctor_check_vhost_net(struct doctor *doctor)
{
	struct doctor_card cards[DOCTOR_CARDS_MAX];

	if (doctor_there(doctor, "/dev/vhost-net")) {
		doctor_ok(doctor, "/dev/vhost-net is there");
	} else if (doctor_find_cards(doctor, cards) == 0) {
		doctor_ok(doctor, "not there, and not needed without a card");
	} else {
		doctor_wrong(doctor, "/dev/vhost-net is not there");
		doctor_mend(doctor,
			"modprobe vhost_net && echo vhost_net > /etc/modules-load.d/fulcrum-vhost.conf");
	}
}

static uint64_t filter_of(const struct doctor *doctor, const char *interface)
{
	char path[DOCTOR_PATH_SIZE];
	uint64_t value = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);
	doctor_number(doctor, path, &value);
	return value;
}

// The kernel takes the larger one of "all" and the interface's own; an interface to come begins
// with "default".
void doctor_check_rp_filter(struct doctor *doctor)
{
	uint64_t all = filter_of(doctor, "all");
	char path[DOCTOR_PATH_SIZE];
	bool wrong = false;

	for (uint32_t p = 0; p < doctor->config.port_count; p++) {
		const char *name = doctor->config.ports[p].kernel_interface;
		uint64_t own;

		if (name[0] == '\0')
			continue;
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s", name);
		own = filter_of(doctor, doctor_there(doctor, path) ? name : "default");
		if ((own > all ? own : all) != 1)
			continue;
		wrong = true;
		doctor_wrong(doctor, "%s: strict", name);
		doctor_mend(doctor,
			"printf 'net.ipv4.conf.%%s.rp_filter = 2\\n' all default > /etc/sysctl.d/61-fulcrum.conf && "
			"sysctl -p /etc/sysctl.d/61-fulcrum.conf");
	}
	if (!wrong)
		doctor_ok(doctor, "not strict on kernel-side interfaces");
}
