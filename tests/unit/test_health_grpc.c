// SPDX-License-Identifier: BSD-3-Clause
// gRPC health checks of servers that run in the same event loop: nghttp2's own, and bytes written
// by hand.
#include "health_server.h"

#include <base/clock.h>
#include <health/grpc_message.h>
#include <nghttp2/nghttp2.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- messages

static void a_request_is_a_frame_of_one_field(void **state)
{
	uint8_t bytes[GRPC_REQUEST_SIZE];

	assert_int_equal(grpc_request("", bytes), 5);
	assert_memory_equal(bytes, "\0\0\0\0\0", 5);
	assert_int_equal(grpc_request("a.B", bytes), 10);
	assert_memory_equal(bytes, "\0\0\0\0\5\x0a\3a.B", 10);
}

static void a_response_is_read_or_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		bool good;
		uint64_t health;
	} cases[] = {
		{"", 0, false, 0},
		{"\0\0\0\0", 4, false, 0},
		{"\1\0\0\0\2\x08\1", 7, false, 0}, // compressed
		{"\0\0\0\0\3\x08\1", 7, false, 0}, // longer than it is
		{"\0\0\0\0\1\x08\1", 7, false, 0}, // shorter
		{"\0\0\0\0\1\x08", 6, false, 0}, // a field without a value
		{"\0\0\0\0\2\x08\x80", 7, false, 0}, // a varint without an end
		{"\0\0\0\0\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 17, false, 0},
		{"\0\0\0\0\2\x12\x7f", 7, false, 0}, // bytes beyond the end
		{"\0\0\0\0\2\x0f\1", 7, false, 0}, // no such wire type
		{"\0\0\0\0\0", 5, true, GRPC_HEALTH_UNKNOWN},
		{"\0\0\0\0\2\x08\1", 7, true, GRPC_HEALTH_SERVING},
		{"\0\0\0\0\2\x08\2", 7, true, GRPC_HEALTH_NOT_SERVING},
		{"\0\0\0\0\3\x08\x80\1", 8, true, 128},
		{"\0\0\0\0\5\x12\1x\x08\1", 10, true, GRPC_HEALTH_SERVING}, // a field to come
		{"\0\0\0\0\7\x15\1\2\3\4\x08\1", 12, true, GRPC_HEALTH_SERVING},
	};
	uint64_t health;

	for (size_t i = 0; i < COUNT(cases); i++) {
		// On the heap, so that a byte read beyond the end is found.
		uint8_t *bytes = malloc(cases[i].size + 1);

		memcpy(bytes, cases[i].bytes, cases[i].size);
		bytes = realloc(bytes, cases[i].size > 0 ? cases[i].size : 1);
		assert_int_equal(grpc_response(bytes, cases[i].size, &health), cases[i].good);
		if (cases[i].good)
			assert_int_equal(health, cases[i].health);
		free(bytes);
	}
}

// ---- answers, frame by frame (RFC 9113 4.1)

struct frames {
	uint8_t bytes[512];
	size_t size;
};

static void add_frame(
	struct frames *frames, uint8_t type, uint8_t flags, const void *payload, size_t size)
{
	uint8_t stream = type == NGHTTP2_SETTINGS || type == NGHTTP2_GOAWAY ? 0 : 1;
	const uint8_t header[] = {0, 0, (uint8_t)size, type, flags, 0, 0, 0, stream};

	memcpy(frames->bytes + frames->size, header, sizeof(header));
	memcpy(frames->bytes + frames->size + sizeof(header), payload, size);
	frames->size += sizeof(header) + size;
}

// RFC 7541 6.2.2: a literal header that is not indexed.
static size_t add_header(uint8_t *out, const char *name, const char *value)
{
	size_t name_size = strlen(name), size = strlen(value);

	out[0] = 0;
	out[1] = (uint8_t)name_size;
	memcpy(out + 2, name, name_size);
	out[2 + name_size] = (uint8_t)size;
	memcpy(out + 3 + name_size, value, size);
	return 3 + name_size + size;
}

// As a gRPC server answers; NULL or -1: without that part.
static void add_answer(struct frames *frames, const char *http_status, int health,
	const char *grpc_status, const char *message)
{
	uint8_t payload[256];
	size_t size;

	frames->size = 0;
	add_frame(frames, NGHTTP2_SETTINGS, 0, "", 0);
	size = add_header(payload, ":status", http_status);
	size += add_header(payload + size, "content-type", "application/grpc");
	add_frame(frames, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, payload, size);
	if (health >= 0) {
		memcpy(payload, "\0\0\0\0\2\x08", 6);
		payload[6] = (uint8_t)health;
		add_frame(frames, NGHTTP2_DATA, grpc_status == NULL ? NGHTTP2_FLAG_END_STREAM : 0,
			payload, 7);
	}
	if (grpc_status == NULL)
		return;
	size = add_header(payload, "grpc-status", grpc_status);
	if (message != NULL)
		size += add_header(payload + size, "grpc-message", message);
	add_frame(frames, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
		payload, size);
}

static const char *probe_frames(struct room *room, const struct frames *frames,
	enum behaviour behaviour, const char *service, uint32_t timeout_ms)
{
	struct server server = {
		.behaviour = behaviour, .text = (const char *)frames->bytes, .size = frames->size};
	struct health_target one = one_probe(room, CONFIG_PROBE_GRPC);
	const char *reason;

	one.policy.timeout_ms = timeout_ms;
	strcpy(one.policy.service, service);
	serve(room, &server);
	reason = probe(room, &one);
	stop_serving(&server);
	return reason;
}

static void each_answer_has_its_sentence(void **state)
{
	static const struct {
		const char *http_status;
		int health;
		const char *grpc_status;
		const char *message;
		const char *reason;
	} cases[] = {
		{"404", -1, "5", NULL, "it answers with HTTP status 404, not 200"},
		{"200", 1, NULL, NULL, "its answer has no grpc-status: it is no gRPC server"},
		{"200", -1, "0", NULL, "its answer is no health message"},
		{"200", -1, "x", NULL, "its answer has no grpc-status: it is no gRPC server"},
		{"200", -1, "12", "unknown service",
			"it has no health service: UNIMPLEMENTED to grpc.health.v1.Health/Check"},
		{"200", -1, "5", "unknown service", "it knows no service 'shop.Cart'"},
		{"200", -1, "14", "warming\tup",
			"it answers with gRPC status 14 UNAVAILABLE: warming?up"},
		{"200", -1, "99", NULL, "it answers with gRPC status 99"},
		{"200", 0, "0", NULL, "it says that its health is UNKNOWN"},
		{"200", 2, "0", NULL, "it says NOT_SERVING"},
		{"200", 3, "0", NULL, "it knows no service 'shop.Cart'"},
		{"200", 9, "0", NULL, "it says the serving status 9"},
		{"200", 1, "0", NULL, ""},
	};
	struct frames frames;

	for (size_t i = 0; i < COUNT(cases); i++) {
		add_answer(&frames, cases[i].http_status, cases[i].health, cases[i].grpc_status,
			cases[i].message);
		assert_string_equal(
			probe_frames(*state, &frames, SAYS, "shop.Cart", 5000), cases[i].reason);
	}
	// A byte at a time makes no difference.
	assert_string_equal(probe_frames(*state, &frames, DRIPS, "", 10000), "");
}

static void a_server_that_cuts_the_request_is_told_so(void **state)
{
	struct frames frames = {.size = 0};

	add_frame(&frames, NGHTTP2_SETTINGS, 0, "", 0);
	add_frame(&frames, NGHTTP2_RST_STREAM, 0, "\0\0\0\7", 4);
	assert_string_equal(probe_frames(*state, &frames, SAYS, "", 5000),
		"it cut the request short (HTTP/2: REFUSED_STREAM)");
	frames.size = 0;
	add_frame(&frames, NGHTTP2_SETTINGS, 0, "", 0);
	add_frame(&frames, NGHTTP2_GOAWAY, 0, "\0\0\0\0\0\0\0\x0b", 8);
	assert_string_equal(probe_frames(*state, &frames, SAYS, "", 5000),
		"it cut the request short (HTTP/2: REFUSED_STREAM)");
}

// ---- what is no answer at all

static void a_server_of_bad_will_fails_in_time(void **state)
{
	static const char ping[] = "\0\0\x08\6\0\0\0\0\0abcdefgh";
	static const char empty[] = "\0\0\0\4\0\0\0\0\0";
	// HEADERS without an end, and CONTINUATIONs of one literal header each.
	static const char endless[] = "\0\0\x8\x9\0\0\0\0\1\0\1x\4yyyy";
	static const struct {
		enum behaviour behaviour;
		const char *text;
		size_t size;
		const char *reason; // "*": some reason
	} cases[] = {
		{SAYS, "", 0, "no answer within 500ms"},
		{CLOSES, "", 0, "it closed the connection without an answer"},
		{SAYS, "HTTP/1.1 400 Bad Request\r\n\r\n", 0, "what it sends is no HTTP/2"},
		{SAYS, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", 0,
			"what it sends is no HTTP/2"},
		{REPEATS, "\x16\x03\x03\x40\x01xxxx", 0, "*"},
		{REPEATS, empty, sizeof(empty) - 1, "*"},
		{REPEATS, ping, sizeof(ping) - 1, "*"},
		{REPEATS, endless, sizeof(endless) - 1, "*"},
		{DRIPS, empty, sizeof(empty) - 1, "no answer within 500ms"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frames frames = {
			.size = cases[i].size != 0 ? cases[i].size : strlen(cases[i].text)};
		uint64_t begin_ns = clock_monotonic_ns();
		const char *reason;

		memcpy(frames.bytes, cases[i].text, frames.size);
		reason = probe_frames(*state, &frames, cases[i].behaviour, "", 500);
		if (cases[i].reason[0] == '*')
			assert_true(reason[0] != '\0');
		else if (cases[i].behaviour != CLOSES || strstr(reason, "reset") == NULL)
			assert_string_equal(reason, cases[i].reason);
		assert_true(clock_monotonic_ns() - begin_ns < 5 * CLOCK_NS_PER_S);
	}
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_a_frame_of_one_field),
		cmocka_unit_test(a_response_is_read_or_refused),
		IN_ROOM(each_answer_has_its_sentence),
		IN_ROOM(a_server_that_cuts_the_request_is_told_so),
		IN_ROOM(a_server_of_bad_will_fails_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
