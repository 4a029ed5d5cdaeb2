// SPDX-License-Identifier: BSD-3-Clause
// What a backend must say by itself, over TCP.
#include "health_server.h"

#include <openssl/evp.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static SSL_CTX *make_server_ctx(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return ctx;
}

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

static void a_backend_must_answer_a_payload_with_what_is_expected(void **state)
{
	static const struct {
		enum behaviour behaviour;
		const char *text;
		const char *payload;
		const char *sent;
		const char *expect;
		const char *reason;
	} cases[] = {
		{ANSWERS, "-ERR\r\n", "PING\r\n", "PING\r\n", "+PONG\r\n",
			"what it says does not begin with '+PONG?\?'"},
		{ANSWERS, "+PO", "PING\r\n", "PING\r\n", "+PONG", "it closed the connection"},
		{SAYS, "", "PING\r\n", "", "+PONG", "no answer within 300ms"},
		{ANSWERS, "+PONG\r\n", "PING\r\n", "PING\r\n", "+PONG\r\n", ""},
		{ANSWERS, "\x0a\x01", "0x50494e47", "PING", "0x0a01", ""},
	};
	static const enum config_probe_type types[] = {CONFIG_PROBE_TCP, CONFIG_PROBE_TLS};
	struct room *room = *state;

	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		size_t row = i / 2;
		struct server server = {.behaviour = cases[row].behaviour,
			.text = cases[row].text,
			.until = "PING",
			.ctx = i % 2 == 0 ? NULL : make_server_ctx()};
		struct health_target one = one_probe(room, types[i % 2]);

		one.policy.timeout_ms = 300;
		strcpy(one.policy.payload, cases[row].payload);
		strcpy(one.policy.expect, cases[row].expect);
		serve(room, &server);
		assert_string_equal(probe(room, &one), cases[row].reason);
		if (cases[row].sent[0] != '\0')
			assert_string_equal(server.request, cases[row].sent);
		stop_serving(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_backend_must_say_what_is_expected, enter, leave),
		cmocka_unit_test_setup_teardown(
			a_backend_must_answer_a_payload_with_what_is_expected, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
