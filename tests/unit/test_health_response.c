// SPDX-License-Identifier: BSD-3-Clause
#include <health/http_response.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define OK      "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

struct row {
	const char *bytes;
	const char *text; // looked for
	enum http_reading
		reading; // after the bytes, or HTTP_MORE: after the connection's end, as in 'end'
	enum http_reading end;
	uint16_t status;
	bool found;
};

static const struct row rows[] = {
	// No response.
	{"", "", HTTP_MORE, HTTP_BAD, 0, false},
	{"\n", "", HTTP_BAD, 0, 0, false},
	{"SSH-2.0-OpenSSH_9.2\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/2 200\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1 20\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1 2000 OK\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1 000 OK\r\n", "", HTTP_BAD, 0, 0, false},
	{"HTTP/1.1 101 Switching\r\n\r\n", "", HTTP_BAD, 0, 0, false},
	{OK, "", HTTP_MORE, HTTP_BAD, 0, false},
	{OK "Content-Length: -1\r\n\r\n", "x", HTTP_BAD, 0, 0, false},
	{OK "Content-Length: 5x\r\n\r\n", "x", HTTP_BAD, 0, 0, false},
	{OK "Content-Length: 99999999999999999999\r\n\r\n", "x", HTTP_BAD, 0, 0, false},
	{OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "x", HTTP_BAD, 0, 0, false},
	{CHUNKED "x\r\n", "x", HTTP_BAD, 0, 200, false},
	{CHUNKED "ffffffffffffffff\r\n", "x", HTTP_BAD, 0, 200, false},
	{CHUNKED "2\r\nabc\r\n", "x", HTTP_BAD, 0, 200, false},
	// Cut off.
	{OK "Content-Length: 5\r\n\r\nabcd", "x", HTTP_MORE, HTTP_BAD, 200, false},
	{CHUNKED "5\r\nabc", "x", HTTP_MORE, HTTP_BAD, 200, false},
	{CHUNKED "3\r\nabc\r\n", "x", HTTP_MORE, HTTP_BAD, 200, false},
	// The header alone is asked for.
	{OK "\r\n", "", HTTP_COMPLETE, 0, 200, false},
	{"HTTP/1.0 503 No\n\n", "", HTTP_COMPLETE, 0, 503, false},
	{"HTTP/1.1 204\r\n\r\n", "", HTTP_COMPLETE, 0, 204, false},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" OK "\r\n", "",
		HTTP_COMPLETE, 0, 200, false},
	// A body.
	{OK "Content-Length: 0\r\n\r\n", "x", HTTP_COMPLETE, 0, 200, false},
	{OK "content-length:  5 \r\n\r\nready", "ready", HTTP_COMPLETE, 0, 200, true},
	{OK "Content-Length: 5\r\n\r\nreadx", "ready", HTTP_COMPLETE, 0, 200, false},
	{OK "Content-Length: 5\r\n\r\nreadyready", "dyre", HTTP_COMPLETE, 0, 200, false},
	{OK "X: ready\r\nContent-Length: 1\r\n\r\n.", "ready", HTTP_COMPLETE, 0, 200, false},
	{OK "\r\nnot re", "ready", HTTP_MORE, HTTP_COMPLETE, 200, false},
	{OK "\r\nreareready.", "ready", HTTP_COMPLETE, 0, 200, true},
	{OK "\r\naabaabaaab", "aabaaab", HTTP_COMPLETE, 0, 200, true},
	{CHUNKED "3\r\nrea\r\n2;x=y\r\ndy\r\n0\r\n\r\n", "ready", HTTP_COMPLETE, 0, 200, true},
	{CHUNKED "3\r\nrea\r\n0\r\n\r\n", "ready", HTTP_COMPLETE, 0, 200, false},
	{OK "Content-Length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nready\r\n", "ready",
		HTTP_COMPLETE, 0, 200, true},
	{"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", "ready", HTTP_COMPLETE, 0, 304, false},
};

static void check(const struct row *row, size_t piece)
{
	struct http_response response;
	enum http_reading reading = HTTP_MORE;
	size_t size = strlen(row->bytes);

	http_response_init(&response, row->text, false);
	for (size_t i = 0; i < size && reading == HTTP_MORE; i += piece)
		reading = http_response_take(
			&response, row->bytes + i, size - i < piece ? size - i : piece);
	assert_int_equal(reading, row->reading);
	if (reading == HTTP_MORE)
		assert_int_equal(reading = http_response_end(&response), row->end);
	assert_int_equal(response.status, row->status);
	assert_int_equal(response.text_found, row->found);
	assert_int_equal(response.why != NULL, reading == HTTP_BAD);
}

static void a_response_reads_alike_whole_and_byte_by_byte(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		check(&rows[i], SIZE_MAX);
		check(&rows[i], 1);
		check(&rows[i], 7);
	}
}

static void the_answer_to_head_has_no_body(void **state)
{
	static const char bytes[] = OK "Content-Length: 5\r\n\r\n";
	struct http_response response;

	http_response_init(&response, "ready", true);
	assert_int_equal(http_response_take(&response, bytes, strlen(bytes)), HTTP_COMPLETE);
}

// Feeds 'piece' again and again: the reading must end, and not keep more than it said.
static enum http_reading feed_without_end(struct http_response *response, const char *piece)
{
	enum http_reading reading = HTTP_MORE;

	for (int i = 0; i < 1000000 && reading == HTTP_MORE; i++)
		reading = http_response_take(response, piece, strlen(piece));
	return reading;
}

static void whatever_a_server_sends_the_reading_ends(void **state)
{
	static const struct {
		const char *begin;
		const char *endless;
		enum http_reading reading;
		bool cut;
	} endless[] = {{"", "x", HTTP_BAD, false}, {OK, "X: y\r\n", HTTP_BAD, false},
		{OK "X: ", "y", HTTP_BAD, false},
		{"", "HTTP/1.1 100 Continue\r\n\r\n", HTTP_BAD, false},
		{OK "\r\n", "x", HTTP_COMPLETE, true},
		{OK "Content-Length: 999999999999999999\r\n\r\n", "x", HTTP_COMPLETE, true},
		{CHUNKED, "1\r\nx\r\n", HTTP_COMPLETE, true},
		{CHUNKED, "00000000000000000001", HTTP_COMPLETE, true}};

	for (size_t i = 0; i < COUNT(endless); i++) {
		struct http_response response;

		http_response_init(&response, "ready", false);
		http_response_take(&response, endless[i].begin, strlen(endless[i].begin));
		assert_int_equal(
			feed_without_end(&response, endless[i].endless), endless[i].reading);
		assert_int_equal(response.body_cut, endless[i].cut);
		assert_false(response.text_found);
	}
}

// Only its last byte is not that of what comes before it, so that nearly all of it is looked at
// again and again.
static void a_text_of_a_kilobyte_is_found(void **state)
{
	struct http_response response;
	char text[1025], body[4096];

	memset(body, 'a', sizeof(body));
	memset(text, 'a', sizeof(text) - 2);
	strcpy(&text[sizeof(text) - 2], "b");
	for (int has = 0; has < 2; has++) {
		http_response_init(&response, text, false);
		http_response_take(&response, OK "\r\n", strlen(OK "\r\n"));
		body[3000] = has == 1 ? 'b' : 'a';
		assert_int_equal(http_response_take(&response, body, sizeof(body)),
			has == 1 ? HTTP_COMPLETE : HTTP_MORE);
		assert_int_equal(response.text_found, has == 1);
	}
	// A byte less is not enough.
	http_response_init(&response, text, false);
	http_response_take(&response, OK "\r\n", strlen(OK "\r\n"));
	body[1022] = 'b';
	assert_int_equal(http_response_take(&response, body, 1023), HTTP_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_reads_alike_whole_and_byte_by_byte),
		cmocka_unit_test(the_answer_to_head_has_no_body),
		cmocka_unit_test(whatever_a_server_sends_the_reading_ends),
		cmocka_unit_test(a_text_of_a_kilobyte_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
