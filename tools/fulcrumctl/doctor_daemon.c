// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_checks.h"
#include "session.h"

#include <config/device.h>
#include <errno.h>
#include <string.h>

static int take_daemon(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct doctor *doctor = context;

	if (type == MESSAGE_ROW_DAEMON && size == sizeof(doctor->daemon))
		memcpy(&doctor->daemon, body, size);
	return CTL_OK;
}

static int take_port(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct doctor *doctor = context;

	if (type == MESSAGE_ROW_PORT && size == sizeof(struct message_row_port) &&
		rows_add(&doctor->ports, body, size) != 0)
		doctor->failed = true;
	return CTL_OK;
}

static int take_worker(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct doctor *doctor = context;

	if (type == MESSAGE_ROW_WORKER && size == sizeof(struct message_row_worker) &&
		rows_add(&doctor->workers, body, size) != 0)
		doctor->failed = true;
	return CTL_OK;
}

static bool ask(struct session *session, uint32_t what, session_row_fn *row, struct doctor *doctor)
{
	const struct message_show show = {.what = what};

	return session_send(session, MESSAGE_SHOW, &show, sizeof(show)) == CTL_OK &&
	       session_receive(session, row, doctor, NULL) == CTL_OK;
}

void doctor_ask(struct doctor *doctor, const struct ctl *ctl)
{
	struct ctl there = *ctl;
	struct session *session = NULL;
	struct error err;
	int code;

	if (doctor->has_config && strcmp(there.channel, CTL_CHANNEL) == 0)
		there.channel = doctor->config.channel;
	code = session_try(&there, &session, &err);
	if (code < 0) {
		doctor->daemon_is_dead = code == -ECONNREFUSED;
		snprintf(doctor->daemon_error, sizeof(doctor->daemon_error), "%s", err.text);
		return;
	}
	doctor->has_daemon = ask(session, MESSAGE_SHOW_VERSION, take_daemon, doctor) &&
			     ask(session, MESSAGE_SHOW_PORTS, take_port, doctor) &&
			     ask(session, MESSAGE_SHOW_WORKERS, take_worker, doctor);
	if (!doctor->has_daemon)
		snprintf(doctor->daemon_error, sizeof(doctor->daemon_error),
			"it does not say what it has");
	session_close(session);
}

void doctor_check_daemon(struct doctor *doctor)
{
	if (doctor->has_daemon) {
		doctor_ok(doctor, "fulcrumd %.*s runs, process %u, %u worker(s)",
			(int)sizeof(doctor->daemon.version), doctor->daemon.version,
			doctor->daemon.pid, doctor->daemon.workers);
		return;
	}
	if (doctor->daemon_is_dead)
		doctor_wrong(doctor, "%s", doctor->daemon_error);
	else
		doctor_unknown(doctor, "%s", doctor->daemon_error);
	doctor_mend(doctor, "systemctl start fulcrumd; journalctl -u fulcrumd -n 50");
}

void doctor_check_workers(struct doctor *doctor)
{
	const struct message_row_worker *workers = (const void *)doctor->workers.bytes;
	size_t stuck = 0;

	for (size_t w = 0; w < doctor->workers.count; w++) {
		if (workers[w].stuck_ms == 0)
			continue;
		stuck++;
		doctor_wrong(doctor, "worker %u on core %u has stood still for %lu s",
			workers[w].index, workers[w].core, workers[w].stuck_ms / 1000);
		doctor_mend(doctor,
			"see what has its core or holds its thread (ps -L -p %u -o tid,stat,wchan:20,psr,comm); "
			"else systemctl restart fulcrumd",
			doctor->daemon.pid);
	}
	if (stuck == 0)
		doctor_ok(doctor, "%zu worker(s), all of them run", doctor->workers.count);
}

// "22.11": releases of the same year and month have the same interface.
static size_t release_length(const char *version)
{
	size_t year = strcspn(version, ".");

	return version[year] == '\0' ? year : year + 1 + strcspn(version + year + 1, ".");
}

void doctor_check_dpdk(struct doctor *doctor)
{
	const char *built = FULCRUM_DPDK_VERSION;
	char runs[sizeof(doctor->daemon.dpdk) + 1] = "";
	const char *number;

	memcpy(runs, doctor->daemon.dpdk, sizeof(doctor->daemon.dpdk));
	number = runs + strcspn(runs, "0123456789");
	if (release_length(number) == release_length(built) &&
		strncmp(number, built, release_length(built)) == 0) {
		doctor_ok(doctor, "the daemon runs with %s, and was built with %s", runs, built);
		return;
	}
	doctor_wrong(doctor, "the daemon runs with %s, but was built with %s", runs, built);
	doctor_mend(doctor, "apt-get install --reinstall fulcrum && systemctl restart fulcrumd");
}

static const struct message_row_port *port_at(const struct doctor *doctor, size_t index)
{
	return (const struct message_row_port *)doctor->ports.bytes + index;
}

#define NAME(port) (int)sizeof((port)->name), (port)->name

void doctor_check_queues(struct doctor *doctor)
{
	uint32_t wanted = doctor->has_config ? doctor->config.worker_count : doctor->daemon.workers;

	for (size_t p = 0; p < doctor->ports.count; p++) {
		const struct message_row_port *port = port_at(doctor, p);

		if (port->queues >= wanted) {
			doctor_ok(doctor, "%.*s: %u queue(s) for %u worker(s)", NAME(port),
				port->queues, wanted);
			continue;
		}
		doctor_wrong(doctor, "%.*s: %u queue(s) for %u workers; the others stay idle",
			NAME(port), port->queues, wanted);
		doctor_mend(doctor,
			"in %s leave %u of workers: {cores: [...]}, then systemctl restart fulcrumd",
			doctor->file, port->queues);
	}
}

void doctor_check_rss(struct doctor *doctor)
{
	for (size_t p = 0; p < doctor->ports.count; p++) {
		const struct message_row_port *port = port_at(doctor, p);
		char rss[sizeof(port->rss) + 1] = "", device[sizeof(port->device) + 1] = "";

		memcpy(rss, port->rss, sizeof(port->rss));
		memcpy(device, port->device, sizeof(port->device));
		if (port->queues <= 1) {
			doctor_ok(doctor, "%.*s: one queue, nothing to spread", NAME(port));
		} else if (device_spreader(device) != NULL) {
			doctor_ok(
				doctor, "%.*s: spread by %s", NAME(port), device_spreader(device));
		} else if (strstr(rss, "-tcp") != NULL) {
			doctor_ok(doctor, "%.*s: %s", NAME(port), rss);
		} else {
			doctor_wrong(doctor, "%.*s spreads %s", NAME(port),
				strcmp(rss, "off") == 0
					? "nothing: one worker gets all packets"
					: "by addresses alone: one client is one worker's");
			doctor_mend(doctor,
				"in %s leave 1 of workers: {cores: [...]}, or take a card with RSS by ports",
				doctor->file);
		}
	}
}

void doctor_check_link(struct doctor *doctor)
{
	for (size_t p = 0; p < doctor->ports.count; p++) {
		const struct message_row_port *port = port_at(doctor, p);

		if (port->link_up) {
			doctor_ok(doctor, "%.*s: up, %u Mbit/s", NAME(port), port->link_mbps);
			continue;
		}
		doctor_wrong(doctor, "%.*s: down", NAME(port));
		doctor_mend(doctor,
			"plug the cable in, switch the other end on, or set a virtual port's wire up; then: fulcrumctl show ports");
	}
}
