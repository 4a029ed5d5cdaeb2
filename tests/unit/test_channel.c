// SPDX-License-Identifier: BSD-3-Clause
// What stands in the file and in the rings: bad, full, of any size.
#include "channel_peers.h"

#include <channel/message.h>
#include <channel/ring.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_file_that_is_no_channel_is_left_alone(void **state)
{
	struct channel_server *server;
	struct channel_client *client;

	write_file("precious", 8);
	assert_int_equal(channel_server_new(path, 0600, &server, &err), -EEXIST);
	assert_non_null(strstr(err.text, "is no Fulcrum channel"));
	assert_int_equal(channel_client_open(path, 0, &client, &err), -EPROTO);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_path_that_cannot_be_is_told(void **state)
{
	struct channel_server *server;
	char deep[256];

	snprintf(deep, sizeof(deep), "%s/no/such/folder/channel", folder);
	assert_int_equal(channel_server_new(deep, 0600, &server, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/no/such/folder"));
}

static void without_a_daemon_the_client_says_so(void **state)
{
	struct channel_client *client;

	assert_int_equal(channel_client_open(path, 5000, &client, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no fulcrumd runs"));
}

static void another_version_is_named_beside_ones_own(void **state)
{
	char own[32];
	struct channel_client *client;
	struct hand hand;

	hand_open(&hand);
	hand.segment->version = 42;
	memset(hand.segment->program, 'x', sizeof(hand.segment->program));
	assert_int_equal(channel_client_open(path, 0, &client, &err), -EPROTO);
	assert_non_null(strstr(err.text, "version 42"));
	snprintf(own, sizeof(own), "version %u", CHANNEL_VERSION);
	assert_non_null(strstr(err.text, own));
	hand_close(&hand);
}

static void a_damaged_layout_is_refused_by_the_client(void **state)
{
	struct channel_client *client;
	struct hand hand;
	uint32_t *words;

	hand_open(&hand);
	words = (uint32_t *)hand.segment;
	for (size_t i = 0; i < 96 / 4; i++) {
		if (i == 3 || (i >= 4 && i < 12) || i == 15)
			continue; // the daemon's pid and release, and padding, are only for people
		words[i] ^= 0x40;
		assert_int_equal(channel_client_open(path, 0, &client, &err), -EPROTO);
		words[i] ^= 0x40;
	}
	hand_close(&hand);
}

static void garbage_in_any_field_does_not_hold_the_server_up(void **state)
{
	static const uint64_t values[] = {0, 1, 7, 8, 9, SEGMENT_RING_SIZE, SEGMENT_RING_SIZE + 8,
		INT64_MAX, UINT64_MAX, UINT64_MAX - 7, 0x4141414141414141};
	struct hand hand;

	hand_open(&hand);
	for (size_t word = 0; word < 512 / 8; word++) {
		for (size_t i = 0; i < COUNT(values); i++) {
			((uint64_t *)hand.segment)[word] = values[i];
			for (int turn = 0; turn < 5; turn++) {
				channel_server_poll(hand.server, &message);
				make_show(&message);
				channel_server_reply(hand.server, &message);
			}
			hand_is_served(&hand);
		}
	}
	hand_close(&hand);
}

static void a_message_that_cannot_be_ends_the_session(void **state)
{
	static const struct {
		uint16_t type, zero;
		uint32_t size, head;
	} rows[] = {
		{MESSAGE_SHOW, 0, 8, 7}, // shorter than a header
		{MESSAGE_SHOW, 0, 8, 8}, // the body is not there
		{MESSAGE_SHOW, 0, 8, 15},
		{MESSAGE_SHOW, 1, 8, 16},
		{MESSAGE_SHOW, 0, 7, 16},
		{MESSAGE_SHOW, 0, 0, 8},
		{MESSAGE_SHOW, 0, UINT32_MAX, 16},
		{MESSAGE_SHOW, 0, CHANNEL_MESSAGE_MAX + 1, SEGMENT_RING_SIZE},
		{0, 0, 8, 16},
		{MESSAGE_BACKEND_SET + 1, 0, 8, 16},
		{MESSAGE_DONE, 0, sizeof(struct message_done), 24}, // a reply
		{MESSAGE_TEXT, 0, 8, 16},
		{UINT16_MAX, 0, 8, 16},
		{MESSAGE_SHOW, 0, 8, SEGMENT_RING_SIZE + 1},
	};
	struct hand hand;

	hand_open(&hand);
	for (size_t i = 0; i < COUNT(rows); i++) {
		hand_begin(&hand);
		hand_put(&hand, &rows[i], 8);
		hand.segment->request_head = rows[i].head;
		assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_RESET);
		assert_int_equal(hand.segment->accepted, 0);
		assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_IDLE);
		assert_int_equal(channel_server_reply(hand.server, &message), -ECONNRESET);
		hand_is_served(&hand);
	}
	hand_close(&hand);
}

static void a_file_cut_short_is_mended(void **state)
{
	struct hand hand;

	hand_open(&hand);
	assert_int_equal(ftruncate(hand.fd, 0), 0);
	assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_RESET);
	assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_IDLE);
	hand_is_served(&hand);
	hand_close(&hand);
}

static void messages_of_any_size_survive_the_way_around_the_ring(void **state)
{
	struct segment *segment = aligned_alloc(alignof(struct segment), sizeof(*segment));
	struct channel_message out;
	struct ring in_end, out_end;
	uint32_t put = 0, got = 0;

	assert_non_null(segment);
	memset(segment, 0, sizeof(*segment));
	in_end = (struct ring){.data = segment->request_data,
		.own = &segment->request_head,
		.peer = &segment->request_tail};
	out_end = (struct ring){.data = segment->request_data,
		.own = &segment->request_tail,
		.peer = &segment->request_head};
	// Begins just before the index itself wraps.
	in_end.index = out_end.index = segment->request_head = segment->request_tail =
		UINT64_MAX - SEGMENT_RING_SIZE * 3ull + 1;
	while (got < 20000) {
		message.type = (uint16_t)put;
		message.zero = 0;
		message.size = put * 2654435761u % (CHANNEL_MESSAGE_MAX + 1);
		memset(message.body, (int)(put % 251), message.size);
		if (ring_put(&in_end, &message) == 0) {
			put++;
			continue;
		}
		assert_true(put > got + 4);
		for (uint32_t i = 0; i < 3; i++, got++) {
			assert_int_equal(ring_get(&out_end, &out), 0);
			assert_int_equal(out.type, (uint16_t)got);
			assert_int_equal(out.size, got * 2654435761u % (CHANNEL_MESSAGE_MAX + 1));
			for (uint32_t at = 0; at < out.size; at++)
				if (out.body[at] != got % 251)
					fail_msg("message %u differs at %u", got, at);
		}
	}
	free(segment);
}

static void a_full_reply_ring_pushes_back_until_it_is_read(void **state)
{
	struct hand hand;
	struct ring replies;
	int count = 0;

	hand_open(&hand);
	message.type = MESSAGE_TEXT;
	message.size = 1000;
	while (channel_server_reply(hand.server, &message) == 0)
		count++;
	assert_int_equal(count, SEGMENT_RING_SIZE / 1008);
	assert_int_equal(channel_server_reply(hand.server, &message), -EAGAIN);
	replies = (struct ring){.data = hand.segment->reply_data,
		.own = &hand.segment->reply_tail,
		.peer = &hand.segment->reply_head};
	assert_int_equal(ring_get(&replies, &message), 0);
	assert_int_equal(channel_server_reply(hand.server, &message), 0);
	hand.segment->reply_tail = hand.segment->reply_head + 8;
	assert_int_equal(channel_server_reply(hand.server, &message), -ECONNRESET);
	assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_RESET);
	hand_is_served(&hand);
	hand_close(&hand);
}

#define test_on_path(function) cmocka_unit_test_setup_teardown(function, make_path, remove_path)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_path(a_file_that_is_no_channel_is_left_alone),
		test_on_path(a_path_that_cannot_be_is_told),
		test_on_path(without_a_daemon_the_client_says_so),
		test_on_path(another_version_is_named_beside_ones_own),
		test_on_path(a_damaged_layout_is_refused_by_the_client),
		test_on_path(garbage_in_any_field_does_not_hold_the_server_up),
		test_on_path(a_message_that_cannot_be_ends_the_session),
		test_on_path(a_file_cut_short_is_mended),
		cmocka_unit_test(messages_of_any_size_survive_the_way_around_the_ring),
		test_on_path(a_full_reply_ring_pushes_back_until_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
