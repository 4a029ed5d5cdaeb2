// SPDX-License-Identifier: BSD-3-Clause
// What somebody can do who knows a connection's addresses and ports, and not its sequence numbers:
// its backend ignores the packets, so nothing may follow from them here either.
#include "select_room.h"

#define LIVES   3000u
#define PACKETS 60u

static void put(
	struct fixture *f, enum select_event event, bool has_payload, struct select_result *out)
{
	struct flow_begin begin = {.hash = HASH, .client_port = PORT, .service = SERVICE};

	f->in.event = event;
	set_payload(f, has_payload);
	select_backend(&f->in, out);
	if (!select_stores(event, out))
		return;
	begin.backend = out->backend;
	begin.state = select_first_state(event);
	if (out->has_row)
		flow_write(f->flows, &out->row, &begin, f->in.now_s);
	else
		flow_insert_first(f->flows, &begin, f->snapshot->ttls, 8, f->in.now_s);
}

// As many as somebody likes, of one kind, or SYNs before others: what a RST is followed by is a
// packet of the client's.
static void forge(struct fixture *f, uint32_t most)
{
	static const enum select_event kinds[] = {SELECT_FIN, SELECT_RST};
	struct select_result out;

	for (uint32_t i = (uint32_t)random() % (most + 1); i > 0; i--)
		put(f, SELECT_SYN, false, &out);
	if (random() % 2 == 0)
		put(f, kinds[random() % 2], false, &out);
}

// A live connection of a backend that is in no table any more, and whose client is silent for up to
// nine minutes at a time.
static void no_forged_packet_moves_a_live_connection(void **state)
{
	static const uint32_t pauses[] = {0, 0, 0, 1, 5, 34, 61, 300, 540};
	struct select_result out;

	srandom(5);
	for (uint32_t life = 0; life < LIVES; life++) {
		bool is_half_closed = false;
		struct fixture f;

		set_up(&f, BACKEND_DISABLED, life % 2 ? BACKEND_UP : BACKEND_DRAINING,
			CONFIG_ON_DOWN_KEEP);
		enter(&f, backend_reference(C, 0), FLOW_NEW);
		put(&f, SELECT_DATA, false, &out);
		for (uint32_t i = 0; i < PACKETS; i++) {
			uint32_t pause_s = pauses[(size_t)random() % COUNT(pauses)];

			if (is_half_closed && pause_s >= FLOW_TIME_WAIT_S)
				pause_s = FLOW_TIME_WAIT_S - 1;
			// A half closed connection's next packet acknowledges what its server
			// sends.
			forge(&f, is_half_closed || i == 0 ? 0 : 3);
			f.in.now_s += pause_s;
			put(&f, SELECT_DATA, !is_half_closed && random() % 2, &out);
			assert_int_equal(out.backend, C);
			is_half_closed |= i > PACKETS - 10;
			if (is_half_closed && i == PACKETS - 9)
				put(&f, SELECT_FIN, false, &out);
		}
		tear_down(&f);
	}
}

static void a_forged_syn_leaves_a_half_closed_connection_where_it_is(void **state)
{
	struct select_result out;
	struct fixture f;

	set_up(&f, BACKEND_DISABLED, BACKEND_DRAINING, CONFIG_ON_DOWN_KEEP);
	enter(&f, backend_reference(C, 0), FLOW_ESTABLISHED);
	put(&f, SELECT_FIN, false, &out);
	for (uint32_t i = 0; i < 20; i++) {
		put(&f, SELECT_DATA, false, &out);
		assert_int_equal(out.backend, C);
		put(&f, SELECT_SYN, false, &out);
		assert_int_equal(out.backend, C);
		f.in.now_s += 45;
	}
	tear_down(&f);
}

// A port that is used again at once, whichever side closed first and however: 200 of 200 begin
// anew, on a backend that takes new flows, even where the backend of the one before drains.
static void a_port_that_is_used_again_begins_anew(void **state)
{
	static const enum select_event ends[] = {SELECT_FIN, SELECT_RST};

	for (uint32_t i = 0; i < COUNT(ends); i++) {
		struct select_result out;
		struct fixture f;

		set_up(&f, BACKEND_DISABLED, BACKEND_DRAINING, CONFIG_ON_DOWN_KEEP);
		enter(&f, backend_reference(C, 0), FLOW_ESTABLISHED);
		for (uint32_t k = 0; k < 200; k++) {
			put(&f, ends[i], false, &out);
			assert_int_equal(out.backend, k == 0 ? C : A);
			put(&f, SELECT_SYN, false, &out);
			assert_int_equal(out.backend, A);
			assert_true(out.begins);
			put(&f, SELECT_DATA, true, &out);
			assert_int_equal(out.backend, A);
		}
		tear_down(&f);
	}
}

// Its client knows of no connection any more: it sends a SYN, its backend answers by an ACK, it
// sends a RST, and its SYN again (RFC 5961 4.2).
static void a_port_used_again_without_an_end_begins_anew_after_the_challenge(void **state)
{
	struct select_result out;
	struct fixture f;

	set_up(&f, BACKEND_DISABLED, BACKEND_DRAINING, CONFIG_ON_DOWN_KEEP);
	enter(&f, backend_reference(C, 0), FLOW_ESTABLISHED);
	put(&f, SELECT_SYN, false, &out);
	assert_int_equal(out.backend, C);
	put(&f, SELECT_RST, false, &out);
	assert_int_equal(out.backend, C);
	put(&f, SELECT_SYN, false, &out);
	assert_int_equal(out.backend, A);
	put(&f, SELECT_DATA, false, &out);
	assert_int_equal(out.backend, A);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_forged_packet_moves_a_live_connection),
		cmocka_unit_test(a_forged_syn_leaves_a_half_closed_connection_where_it_is),
		cmocka_unit_test(a_port_that_is_used_again_begins_anew),
		cmocka_unit_test(a_port_used_again_without_an_end_begins_anew_after_the_challenge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
