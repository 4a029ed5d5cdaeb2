// SPDX-License-Identifier: BSD-3-Clause
// What a backend must say by itself, over TCP.
#include "health_server.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_backend_must_say_what_is_expected(void **state)
{
	static const struct {
		enum behaviour behaviour;
		const char *text;
		const char *expect;
		const char *reason;
	} cases[] = {
		{SAYS, "", "SSH-2.0", "no answer within 300ms"},
		{SAYS, "SSH-2", "SSH-2.0", "no answer within 300ms"},
		{SAYS, "220 mail.example.com ESMTP\r\n", "SSH-2.0",
			"what it says does not begin with 'SSH-2.0'"},
		{SAYS, "SSH-1.99-old\r\n", "SSH-2.0", "what it says does not begin with 'SSH-2.0'"},
		{SAYS, "\x0b", "0x0a00", "what it says does not begin with '0x0a00'"},
		{CLOSES, "", "SSH-2.0", "it closed the connection"},
		{SAYS, "SSH-2.0-OpenSSH_9.2p1\r\n", "SSH-2.0", ""},
		{SAYS, "\x0a\x01", "0x0a01", ""},
		{DRIPS, "SSH-2.0-slow\r\n", "SSH-2.0", ""},
		{REPEATS, "SSH-2.0-fast\r\n", "SSH-2.0", ""},
		{SAYS, "", "", ""},
	};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server server = {.behaviour = cases[i].behaviour, .text = cases[i].text};
		struct health_target one = one_probe(room, CONFIG_PROBE_TCP);
		const char *reason;

		one.policy.timeout_ms = 300;
		strcpy(one.policy.expect, cases[i].expect);
		serve(room, &server);
		reason = probe(room, &one);
		if (cases[i].behaviour != CLOSES || strstr(reason, "reset") == NULL)
			assert_string_equal(reason, cases[i].reason);
		stop_serving(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_backend_must_say_what_is_expected, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
