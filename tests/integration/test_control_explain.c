// SPDX-License-Identifier: BSD-3-Clause
// A packet, explained by the whole control room.
#include "control_lab.h"

#include <errno.h>
#include <packet/drop.h>
#include <packet/headers.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

// What one packet of a client is, and what becomes of it.
struct explained {
	struct message_explain request;
	struct message_row_explain row;
	struct message_row_explain_flow flow; // the last of the rows
	uint32_t flows;
};

// To the service of lab_two.
static struct explained packet_new(void)
{
	struct explained packet = {.request = {
					   .source_port = 40000,
					   .destination_port = 443,
					   .protocol = CONFIG_TCP,
					   .ttl = 64,
				   }};

	addr_parse("198.51.100.7", &packet.request.source);
	addr_parse("203.0.113.10", &packet.request.destination);
	return packet;
}

static void ask(struct lab *lab, const struct explained *packet)
{
	lab_send(lab, MESSAGE_EXPLAIN, &packet->request, sizeof(packet->request));
}

static void explain(struct lab *lab, struct explained *packet)
{
	lab_join(lab);
	ask(lab, packet);
	assert_int_equal(lab_receive(lab), MESSAGE_ROW_EXPLAIN);
	memcpy(&packet->row, lab->message.body, sizeof(packet->row));
	for (packet->flows = 0; lab_receive(lab) == MESSAGE_ROW_EXPLAIN_FLOW; packet->flows++)
		memcpy(&packet->flow, lab->message.body, sizeof(packet->flow));
	assert_int_equal(lab->message.type, MESSAGE_DONE);
}

static void a_packet_is_explained_step_by_step(void **state)
{
	struct lab *lab = *state;
	struct explained packet = packet_new();

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	do { // until the next hop is known
		explain(lab, &packet);
		assert_int_equal(packet.flows, 1);
	} while (packet.flow.port[0] == '\0');
	assert_string_equal(packet.row.service, "web");
	assert_string_equal(packet.row.pool, "web");
	assert_int_equal(packet.row.slots, 65537);
	assert_string_equal(packet.flow.backend, packet.row.current);
	assert_int_equal(packet.flow.is_known, 0);
	assert_int_equal(
		packet.flow.by_rss, MESSAGE_BY_RSS_UNKNOWN); // by a port that does not tell
	assert_string_equal(packet.flow.port, "wan");
	assert_string_equal(packet.flow.next_hop_mac, "02:00:00:00:00:02");
	assert_int_equal(packet.flow.path_mtu - packet.flow.room, 20);
}

static void a_packet_that_reaches_no_backend_is_explained(void **state)
{
	struct lab *lab = *state;
	struct explained packet = packet_new();

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	packet.request.destination_port = 80;
	explain(lab, &packet);
	assert_int_equal(packet.flows, 0);
	assert_string_equal(packet.row.drop, drop_label(DROP_NO_SERVICE));
	assert_int_equal(packet.row.answer, MESSAGE_ANSWER_NONE);
	packet.request.ttl = 1; // the end of a traceroute
	packet.request.tcp_flags = TCP_SYN;
	explain(lab, &packet);
	assert_int_equal(packet.flows, 0);
	assert_string_equal(packet.row.drop, "");
	assert_int_equal(packet.row.answer, MESSAGE_ANSWER_RESET);
	packet.request.protocol = CONFIG_UDP;
	explain(lab, &packet);
	assert_int_equal(packet.row.answer, MESSAGE_ANSWER_PORT_UNREACHABLE);
	packet.request.protocol = CONFIG_TCP;
	addr_parse("203.0.113.11", &packet.request.destination);
	explain(lab, &packet);
	assert_int_equal(packet.flows, 0);
	assert_int_equal(packet.row.to_kernel, 1);
	addr_parse("2001:db8::1", &packet.request.destination); // of another family than its source
	ask(lab, &packet);
	assert_int_equal(lab_finish(lab, NULL), -1);
	assert_int_equal(lab_error_code(lab), EINVAL);
}

static void the_zones_that_serve_are_named(void **state)
{
	static const char pools[] =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web, prefer: [a, b]}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: none}\n"
		"    backends:\n"
		"      - {name: a1, address: 10.0.0.1, zone: a, state: disabled}\n"
		"      - {name: b1, address: 10.0.0.2, zone: b}\n"
		"      - {name: c1, address: 10.0.0.3, zone: c}\n";
	struct lab *lab = *state;
	struct explained packet = packet_new();

	assert_int_equal(lab_apply_text(lab, pools, NULL), 0);
	do { // until the next hops are known
		explain(lab, &packet);
		assert_int_equal(packet.flows, 1);
	} while (strcmp(packet.flow.backend, "b1") != 0);
	assert_string_equal(packet.row.zones, "prefers zones: a 0.0%, b 100.0%");
	assert_string_equal(packet.flow.zone, "b");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_packet_is_explained_step_by_step),
		TEST(a_packet_that_reaches_no_backend_is_explained),
		TEST(the_zones_that_serve_are_named),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
