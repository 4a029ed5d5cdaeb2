// SPDX-License-Identifier: BSD-3-Clause
// The state table of a TCP flow, cell by cell, and random sequences against a model in plain words.
#include "select_room.h"

enum { SYN, DATA, PAYLOAD, FIN, RST, ERROR, EVENTS };
enum { NONE, NEW, ESTABLISHED, CLOSING, FINISHED, HALF_CLOSED, QUIET, STATES };

static const struct {
	enum select_event event;
	bool has_payload;
} events[EVENTS] = {{SELECT_SYN, false}, {SELECT_DATA, false}, {SELECT_DATA, true},
	{SELECT_FIN, false}, {SELECT_RST, false}, {SELECT_ERROR, false}};

// The state of the row, which is of backend 'c', and for how long it had no packet.
static const struct {
	enum flow_state state;
	uint32_t idle_s;
} rows[STATES] = {{FLOW_EMPTY, 0}, {FLOW_NEW, 5}, {FLOW_ESTABLISHED, 100}, {FLOW_CLOSING, 100},
	{FLOW_FINISHED, 100}, {FLOW_HALF_CLOSED, FLOW_TIME_WAIT_S - 1},
	{FLOW_HALF_CLOSED, FLOW_TIME_WAIT_S}};

// A cell: where the packet goes, and what the row is then.
//     = the row's backend        n new          - nothing
//     > the table's choice       e established
//     < the table before's       c closing
//     ! a RST to the client      f finished
//                                h half closed
struct grid {
	const char *name;
	enum backend_status status; // of the row's backend; BACKEND_GONE: another one has its index
	enum config_on_down on_down;
	bool unresolved;
	const char *cells[STATES][EVENTS];
};

#define NO_ROW                                     \
	{                                          \
		">n", "<e", "<e", "<f", "<-", "<-" \
	}
#define SERVES                                                \
	{                                                     \
		NO_ROW, {"=n", "=e", "=e", "=f", "=c", "=n"}, \
			{"=e", "=e", "=e", "=f", "=c", "=e"}, \
			{">n", "=e", "=e", "=f", "=c", "=c"}, \
			{">n", "=h", "=e", "=f", "=c", "=f"}, \
			{"=e", "=h", "=e", "=h", "=c", "=h"}, \
			{">n", "=h", "=e", "=h", "=c", "=h"}, \
	}
// An ICMP error does not follow a flow that moves or is reset, and leaves its row alone.
#define MOVES                                                 \
	{                                                     \
		NO_ROW, {">n", ">e", ">e", ">f", ">c", "<n"}, \
			{">n", ">e", ">e", ">f", ">c", "<e"}, \
			{">n", ">e", ">e", ">f", ">c", "<c"}, \
			{">n", ">h", ">e", ">f", ">c", "<f"}, \
			{">n", ">h", ">e", ">h", ">c", "<h"}, \
			{">n", ">h", ">e", ">h", ">c", "<h"}, \
	}
#define ENDS                                                  \
	{                                                     \
		NO_ROW, {">n", "!-", "!-", "!-", "=c", "<n"}, \
			{">n", "!-", "!-", "!-", "=c", "<e"}, \
			{">n", "!-", "!-", "!-", "=c", "<c"}, \
			{">n", "!-", "!-", "!-", "=c", "<f"}, \
			{">n", "!-", "!-", "!-", "=c", "<h"}, \
			{">n", "!-", "!-", "!-", "=c", "<h"}, \
	}

static const struct grid grids[] = {
	{"up", BACKEND_UP, CONFIG_ON_DOWN_RESET, false, SERVES},
	{"draining", BACKEND_DRAINING, CONFIG_ON_DOWN_RESET, false, SERVES},
	{"down, keep", BACKEND_DOWN, CONFIG_ON_DOWN_KEEP, false,
		{
			NO_ROW,
			{">n", "=e", "=e", "=f", "=c", "=n"},
			{">n", "=e", "=e", "=f", "=c", "=e"},
			{">n", "=e", "=e", "=f", "=c", "=c"},
			{">n", "=h", "=e", "=f", "=c", "=f"},
			{">n", "=h", "=e", "=h", "=c", "=h"},
			{">n", "=h", "=e", "=h", "=c", "=h"},
		}},
	{"down, rehash", BACKEND_DOWN, CONFIG_ON_DOWN_REHASH, false, MOVES},
	{"disabled", BACKEND_DISABLED, CONFIG_ON_DOWN_KEEP, false, MOVES},
	{"down, reset", BACKEND_DOWN, CONFIG_ON_DOWN_RESET, false, ENDS},
	{"reset by its deadline", BACKEND_RESET, CONFIG_ON_DOWN_KEEP, false, ENDS},
	{"gone", BACKEND_GONE, CONFIG_ON_DOWN_KEEP, false,
		{
			NO_ROW,
			{">n", "<e", "<e", "<f", "<n", "<n"},
			{">n", "<e", "<e", "<f", "<e", "<e"},
			{">n", "<e", "<e", "<f", "<c", "<c"},
			{">n", "<e", "<e", "<f", "<f", "<f"},
			{">n", "<e", "<e", "<f", "<h", "<h"},
			{">n", "<e", "<e", "<f", "<h", "<h"},
		}},
	// Its first SYN cannot have come there.
	{"up, without a next hop", BACKEND_UP, CONFIG_ON_DOWN_KEEP, true,
		{
			NO_ROW,
			{">n", "=e", "=e", "=f", "=c", "=n"},
			{"=e", "=e", "=e", "=f", "=c", "=e"},
			{">n", "=e", "=e", "=f", "=c", "=c"},
			{">n", "=h", "=e", "=f", "=c", "=f"},
			{"=e", "=h", "=e", "=h", "=c", "=h"},
			{">n", "=h", "=e", "=h", "=c", "=h"},
		}},
};

// What the worker does of a packet: judges, and stores.
static void judge(struct fixture *f, struct select_result *out)
{
	struct flow_begin begin = {
		.hash = f->in.flow_hash, .client_port = f->in.client_port_be, .service = SERVICE};

	select_backend(&f->in, out);
	if (!select_stores(f->in.event, out))
		return;
	begin.backend = out->backend;
	begin.state = select_first_state(f->in.event);
	if (out->has_row)
		flow_write(f->flows, &out->row, &begin, f->in.now_s);
	else
		flow_insert_first(f->flows, &begin, f->snapshot->ttls, 8, f->in.now_s);
}

static char place_of(const struct select_result *out)
{
	static const char places[] = {[A] = '>', [B] = '<', [C] = '='};

	return out->verdict == SELECT_RESET ? '!' : places[out->backend & BACKEND_INDEX_MASK];
}

static char state_of(struct fixture *f)
{
	static const char letters[] = {[FLOW_NEW] = 'n',
		[FLOW_ESTABLISHED] = 'e',
		[FLOW_CLOSING] = 'c',
		[FLOW_FINISHED] = 'f',
		[FLOW_HALF_CLOSED] = 'h'};
	struct flow_ref ref = {0};

	return flow_own_row(f->flows, HASH, PORT, &ref) && flow_ref_state(&ref) != FLOW_EMPTY
		       ? letters[flow_ref_state(&ref)]
		       : '-';
}

static void check_cell(const struct grid *grid, uint32_t row, uint32_t event)
{
	bool is_gone = grid->status == BACKEND_GONE;
	uint32_t before_s = NOW - rows[row].idle_s;
	struct select_result out;
	struct flow_ref ref = {0};
	struct fixture f;
	char got[3] = "";

	set_up(&f, BACKEND_DRAINING, is_gone ? BACKEND_UP : grid->status, grid->on_down);
	if (grid->unresolved)
		f.snapshot->backends[C].port = BACKEND_PORT_NONE;
	if (row != NONE) {
		enter(&f, backend_reference(C, is_gone ? 9 : 0), rows[row].state);
		assert_true(entry(&f, &ref));
		flow_touch(&ref, rows[row].state, before_s);
	}
	f.in.event = events[event].event;
	set_payload(&f, events[event].has_payload);
	judge(&f, &out);
	got[0] = place_of(&out);
	got[1] = state_of(&f);
	if (strcmp(got, grid->cells[row][event]) != 0)
		fail_msg("%s, row %u, event %u: %s, not %s", grid->name, row, event, got,
			grid->cells[row][event]);
	// A SYN that finds its flow's backend changes nothing, nor does an error.
	if (row != NONE && (got[0] == '=') &&
		(events[event].event == SELECT_SYN || events[event].event == SELECT_ERROR))
		assert_int_equal(ref.bucket->seen[ref.way], before_s);
	else if (row != NONE && got[0] == '=')
		assert_int_equal(ref.bucket->seen[ref.way], NOW);
	tear_down(&f);
}

static void every_cell_of_the_state_table_is_as_drawn(void **state)
{
	for (size_t g = 0; g < COUNT(grids); g++)
		for (uint32_t row = 0; row < STATES; row++)
			for (uint32_t event = 0; event < EVENTS; event++)
				check_cell(&grids[g], row, event);
}

// What is sent again after a FIN is no sign that the FIN was somebody else's.
static void bytes_right_after_a_fin_leave_it_a_fin(void **state)
{
	static const struct {
		enum flow_state before, after;
		uint32_t idle_s;
	} cases[] = {{FLOW_FINISHED, FLOW_HALF_CLOSED, SELECT_RESEND_S - 1},
		{FLOW_HALF_CLOSED, FLOW_HALF_CLOSED, SELECT_RESEND_S - 1},
		{FLOW_FINISHED, FLOW_ESTABLISHED, SELECT_RESEND_S},
		{FLOW_HALF_CLOSED, FLOW_ESTABLISHED, SELECT_RESEND_S},
		{FLOW_CLOSING, FLOW_ESTABLISHED, 0}, {FLOW_NEW, FLOW_ESTABLISHED, 0}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct select_result out;
		struct flow_ref ref = {0};
		struct fixture f;

		set_up(&f, BACKEND_DRAINING, BACKEND_UP, CONFIG_ON_DOWN_KEEP);
		enter(&f, backend_reference(C, 0), cases[i].before);
		f.in.event = SELECT_DATA;
		set_payload(&f, true);
		f.in.now_s = NOW + cases[i].idle_s;
		judge(&f, &out);
		assert_true(flow_own_row(f.flows, HASH, PORT, &ref));
		assert_int_equal(flow_ref_state(&ref), cases[i].after);
		tear_down(&f);
	}
}

static void a_repeated_syn_is_counted_as_such_and_no_other(void **state)
{
	for (uint32_t row = NEW; row < STATES; row++) {
		struct select_result out;
		struct fixture f;

		set_up(&f, BACKEND_DRAINING, BACKEND_UP, CONFIG_ON_DOWN_KEEP);
		enter(&f, backend_reference(C, 0), rows[row].state);
		f.in.event = SELECT_SYN;
		judge(&f, &out);
		assert_int_equal(out.repeats, row == NEW);
		assert_int_equal(out.begins, !out.hit);
		tear_down(&f);
	}
}

// --- Random sequences ---

#define FLOWS 24u
#define STEPS 300000u

struct model {
	bool known;
	uint32_t backend;
	uint32_t seen_s;
	enum flow_state state;
};

static uint32_t status_of(const struct fixture *f, uint32_t backend)
{
	return f->snapshot->backends[backend].status;
}

// The rules of docs/guides/connections.md in words. Returns the backend.
static uint32_t expect(struct model *row, const struct fixture *f, enum select_event event,
	bool has_payload, uint32_t now_s)
{
	const struct flow_ttl *ttl = f->in.ttl;
	uint32_t idle_s = now_s - row->seen_s;
	bool lives = row->known && idle_s <= ttl->seconds[row->state];
	bool serves = lives && status_of(f, row->backend) <= BACKEND_DRAINING;
	bool is_open = row->state == FLOW_NEW || row->state == FLOW_ESTABLISHED ||
		       (row->state == FLOW_HALF_CLOSED && idle_s < 60);

	if (event == SELECT_SYN && serves && is_open) {
		if (row->state == FLOW_HALF_CLOSED)
			row->state = FLOW_ESTABLISHED;
		return row->backend;
	}
	if (event == SELECT_SYN || (!lives && event != SELECT_RST)) {
		*row = (struct model){true, A, now_s, select_first_state(event)};
		return A;
	}
	if (!lives)
		return A;
	if (!serves)
		row->backend = A;
	if (event == SELECT_RST)
		row->state = FLOW_CLOSING;
	else if (event == SELECT_FIN && row->state != FLOW_HALF_CLOSED)
		row->state = FLOW_FINISHED;
	else if (event == SELECT_DATA && (row->state == FLOW_NEW || row->state == FLOW_CLOSING))
		row->state = FLOW_ESTABLISHED;
	else if (event == SELECT_DATA && row->state != FLOW_ESTABLISHED)
		row->state = has_payload && idle_s >= 3 ? FLOW_ESTABLISHED : FLOW_HALF_CLOSED;
	row->seen_s = now_s;
	return row->backend;
}

// Two out of three rows are of 'c', whose status changes; the tables say 'a'.
static void random_sequences_agree_with_a_plain_model(void **state)
{
	static const enum backend_status statuses[] = {
		BACKEND_UP, BACKEND_DRAINING, BACKEND_DISABLED};
	static const uint32_t pauses[] = {0, 0, 0, 1, 2, 3, 30, 59, 60, 61, 599, 601, 3000};
	struct model model[FLOWS] = {{0}};
	struct fixture f;
	uint32_t met[FLOW_STATES] = {0};

	srandom(4);
	set_up(&f, BACKEND_DISABLED, BACKEND_UP, CONFIG_ON_DOWN_KEEP);
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t flow = (uint32_t)random() % FLOWS, kind = (uint32_t)random() % ERROR;
		uint64_t hash = HASH * (flow + 1);
		struct select_result out;
		struct flow_ref ref = {0};
		uint32_t backend;

		if (random() % 20 == 0)
			f.snapshot->backends[C].status = statuses[random() % 3];
		if (random() % 8 == 0)
			f.in.now_s += pauses[(size_t)random() % COUNT(pauses)];
		f.in.flow_hash = hash;
		f.in.client_port_be = (uint16_t)(PORT + flow);
		f.in.event = events[kind].event;
		set_payload(&f, events[kind].has_payload);
		if (random() % 10 == 0 &&
			flow_find(f.flows, hash, f.in.client_port_be, f.in.ttl, f.in.now_s, &ref)) {
			flow_set_backend(&ref, C);
			model[flow].backend = C;
		}
		backend =
			expect(&model[flow], &f, f.in.event, events[kind].has_payload, f.in.now_s);
		judge(&f, &out);
		assert_int_equal(out.verdict, SELECT_FORWARD);
		assert_int_equal(out.backend, backend);
		if (flow_find(f.flows, hash, f.in.client_port_be, f.in.ttl, f.in.now_s, &ref)) {
			assert_int_equal(flow_ref_state(&ref), model[flow].state);
			met[flow_ref_state(&ref)]++;
		}
	}
	for (uint32_t s = FLOW_NEW; s < FLOW_STATES; s++)
		assert_true(s == FLOW_UDP || met[s] > STEPS / 100);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_state_table_is_as_drawn),
		cmocka_unit_test(bytes_right_after_a_fin_leave_it_a_fin),
		cmocka_unit_test(a_repeated_syn_is_counted_as_such_and_no_other),
		cmocka_unit_test(random_sequences_agree_with_a_plain_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
