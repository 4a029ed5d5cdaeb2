// SPDX-License-Identifier: BSD-3-Clause
#include <capture/recording.h>
#include <control/apply_private.h>
#include <control/interfaces.h>
#include <control/resolve_private.h>
#include <control/rows.h>

#include <rte_version.h>
#include <string.h>
#include <unistd.h>

// The daemon itself: its ports, its workers, what it dropped and what it was told.

bool row_drop(const struct control *control, uint32_t row, struct message_row_drop *out)
{
	if (row >= DROP_REASON_COUNT)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", drop_label((enum drop_reason)row));
	snprintf(out->text, sizeof(out->text), "%s", drop_text((enum drop_reason)row));
	out->packets = metrics_dropped(
		control->config.metrics, control->config.worker_count, (enum drop_reason)row);
	return true;
}

bool row_worker(const struct control *control, uint32_t row, struct message_row_worker *out)
{
	const struct metrics_worker *metrics;
	uint64_t loops;

	if (row >= control->config.worker_count)
		return false;
	metrics = control->config.metrics[row];
	loops = metrics_read(&metrics->loops);
	out->index = row;
	out->core = control->config.daemon->worker_cores[row];
#define X(member, ...) out->member = metrics_read(&metrics->member);
	PACKET_COUNTERS(X)
#undef X
	out->dropped = metrics_dropped_total(metrics);
	out->flows = control->stats.flow_counts.last.worker_flows[row];
	out->flow_capacity = flow_table_capacity(control->config.flows[row]);
	out->stuck_ms = stuck_for_ms(control->stuck, row);
	out->busy_ppm = loops == 0 ? 0 : metrics_read(&metrics->loops_busy) * 1000000 / loops;
	return true;
}

bool row_port(const struct control *control, uint32_t row, struct message_row_port *out)
{
	const struct running_port *port;
	struct stats_port counted;

	if (row >= control->config.port_count)
		return false;
	port = &control->config.ports[row];
	stats_port(&control->stats, control->config.ports, row, &counted);
	memcpy(out->name, port->name, sizeof(out->name));
	memcpy(out->device, port->device, sizeof(out->device));
	snprintf(out->kernel_interface, sizeof(out->kernel_interface), "%s",
		control_kernel_side_name(control, row));
	mac_format(&port->mac, out->mac, sizeof(out->mac));
	memcpy(out->rss, port->rss, sizeof(out->rss));
	out->mtu = port->mtu;
	out->queues = port->queues;
	out->link_up = control_port_has_link(control, row);
	out->link_mbps = counted.link_mbps;
	out->rx_packets = counted.rx_packets;
	out->rx_bytes = counted.rx_bytes;
	out->tx_packets = counted.tx_packets;
	out->tx_bytes = counted.tx_bytes;
	out->rx_missed = counted.rx_missed;
	out->rx_checksum_partial = counted.rx_checksum_partial;
	out->tx_full = metrics_dropped(
		control->config.metrics, control->config.worker_count, DROP_TX_FULL);
	return true;
}

bool row_daemon(const struct control *control, uint32_t row, struct message_row_daemon *out)
{
	if (row > 0)
		return false;
	snprintf(out->version, sizeof(out->version), "%s", FULCRUM_VERSION);
	snprintf(out->dpdk, sizeof(out->dpdk), "%s", rte_version());
	out->pid = (uint32_t)getpid();
	out->workers = control->config.worker_count;
	out->started_s = control->counts.started_s;
	out->config_version = control->running.version;
	out->applied_s = control->running.applied.wall_s;
	out->apply_us = control->counts.apply_us;
	out->hash_key_secret = control->running.now->config->hash_key_set;
	out->is_unkept = control_is_unkept(control);
	out->state_late_s = (uint32_t)(control_saving_late_ns(control) / CLOCK_NS_PER_S);
	out->confirm_left_s = commits_confirm_left_s(&control->commits);
	out->confirm_before = control->commits.confirm.version_before;
	snprintf(out->pools, sizeof(out->pools), "%s", control->config.daemon->pools);
	memcpy(out->pools_refused, control->commits.pools_refusal, sizeof(out->pools_refused));
	return true;
}

bool row_capture(const struct control *control, uint32_t row, struct message_row_capture *out)
{
	const struct recording_status *status = recording_status(control->recording);

	*out = (struct message_row_capture){
		.id = status->id,
		.packets = status->packets,
		.missed = status->missed,
		.bytes = status->bytes,
		.running = status->is_running,
		.code = status->code,
	};
	return row == 0;
}

_Static_assert((int)MESSAGE_HISTORY_APPLY == (int)HISTORY_APPLY &&
		       (int)MESSAGE_HISTORY_BACKEND == (int)HISTORY_BACKEND &&
		       (int)MESSAGE_HISTORY_ROLLBACK == (int)HISTORY_ROLLBACK &&
		       (int)MESSAGE_HISTORY_TAKEN_BACK == (int)HISTORY_TAKEN_BACK &&
		       (int)MESSAGE_HISTORY_EXPIRED == (int)HISTORY_EXPIRED &&
		       (int)MESSAGE_HISTORY_FILE == (int)HISTORY_FILE,
	"a kind goes over the channel as it is");
_Static_assert(HISTORY_UID_UNKNOWN + 1 == 0, "and nobody as 0");

// What waits for its confirmation is not kept yet.
static bool row_unconfirmed(const struct control *control, struct message_row_history *out)
{
	out->version = control->running.version;
	out->applied_s = control->running.applied.wall_s;
	out->uid = control->commits.confirm.author.uid;
	out->pid = control->commits.confirm.author.pid;
	out->kind = (uint32_t)control->commits.confirm.author.kind;
	out->of = control->commits.confirm.author.of;
	out->running = 1;
	out->confirm_left_s = commits_confirm_left_s(&control->commits);
	return true;
}

bool row_history(const struct control *control, uint32_t row, struct message_row_history *out)
{
	const struct history_entry *entry = control->reply.history;

	if (commits_waits_for_confirmation(&control->commits) && row-- == 0)
		return row_unconfirmed(control, out);
	if (row >= control->reply.history_count)
		return false;
	entry += row;
	out->version = entry->version;
	out->applied_s = entry->applied_s;
	out->of = entry->of;
	out->uid = entry->uid;
	out->pid = entry->pid;
	out->kind = (uint32_t)entry->kind;
	out->running = out->version == control->running.version;
	// Its number and 1: nobody's is the largest one.
	if (entry->kind == HISTORY_TAKEN_BACK || entry->kind == HISTORY_EXPIRED) {
		out->tried_by = entry->other_uid + 1;
		out->tried_pid = entry->other_pid;
	} else {
		out->confirmed_by = entry->other_uid + 1;
		out->confirmed_pid = entry->other_pid;
	}
	return true;
}
