// SPDX-License-Identifier: BSD-3-Clause
// A packet, explained by the whole control room.
#include "control_lab.h"

#include <errno.h>
#include <packet/drop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

static uint32_t explain(struct lab *lab, const struct message_explain *request,
	struct message_row_explain *packet, struct message_row_explain_flow *flow)
{
	uint32_t flows = 0;

	lab_join(lab);
	lab_send(lab, MESSAGE_EXPLAIN, request, sizeof(*request));
	assert_int_equal(lab_receive(lab), MESSAGE_ROW_EXPLAIN);
	memcpy(packet, lab->message.body, sizeof(*packet));
	while (lab_receive(lab) == MESSAGE_ROW_EXPLAIN_FLOW) {
		memcpy(flow, lab->message.body, sizeof(*flow));
		flows++;
	}
	assert_int_equal(lab->message.type, MESSAGE_DONE);
	return flows;
}

static void a_packet_is_explained_step_by_step(void **state)
{
	struct lab *lab = *state;
	struct message_explain request = {
		.source_port = 40000, .destination_port = 443, .protocol = CONFIG_TCP};
	struct message_row_explain packet;
	struct message_row_explain_flow flow;

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	addr_parse("198.51.100.7", &request.source);
	addr_parse("203.0.113.10", &request.destination);
	do { // until the next hop is known
		assert_int_equal(explain(lab, &request, &packet, &flow), 1);
	} while (flow.port[0] == '\0');
	assert_string_equal(packet.service, "web");
	assert_string_equal(packet.pool, "web");
	assert_int_equal(packet.slots, 65537);
	assert_string_equal(flow.backend, packet.current);
	assert_int_equal(flow.is_known, 0);
	assert_int_equal(flow.by_rss, MESSAGE_BY_RSS_UNKNOWN); // by a port that does not tell
	assert_string_equal(flow.port, "wan");
	assert_string_equal(flow.next_hop_mac, "02:00:00:00:00:02");
	assert_int_equal(flow.path_mtu - flow.room, 20);

	request.destination_port = 80;
	assert_int_equal(explain(lab, &request, &packet, &flow), 0);
	assert_string_equal(packet.drop, drop_label(DROP_NO_SERVICE));
	addr_parse("203.0.113.11", &request.destination);
	assert_int_equal(explain(lab, &request, &packet, &flow), 0);
	assert_int_equal(packet.to_kernel, 1);
	addr_parse("2001:db8::1", &request.destination);
	lab_send(lab, MESSAGE_EXPLAIN, &request, sizeof(request));
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
	struct message_explain request = {
		.source_port = 40000, .destination_port = 443, .protocol = CONFIG_TCP};
	struct message_row_explain packet;
	struct message_row_explain_flow flow;

	assert_int_equal(lab_apply_text(lab, pools, NULL), 0);
	addr_parse("198.51.100.7", &request.source);
	addr_parse("203.0.113.10", &request.destination);
	do { // until the next hops are known
		assert_int_equal(explain(lab, &request, &packet, &flow), 1);
	} while (strcmp(flow.backend, "b1") != 0);
	assert_string_equal(packet.zones, "prefers zones: a 0.0%, b 100.0%");
	assert_string_equal(flow.zone, "b");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_packet_is_explained_step_by_step),
		TEST(the_zones_that_serve_are_named),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
