// SPDX-License-Identifier: BSD-3-Clause
// TLS and HTTP probes of servers that run in the same event loop: good ones, wrong ones, hostile
// ones.
#include "health_server.h"

#include <base/clock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_S        86400
#define HOST         "app.example.com"

// ---- certificates

static X509 *make_certificate(EVP_PKEY *key, const char *host, int64_t begin_s, int64_t end_s)
{
	X509 *certificate = X509_new();
	X509_EXTENSION *names;
	char text[128];

	snprintf(text, sizeof(text), "DNS:%s", host);
	names = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, text);
	assert_non_null(names);
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), begin_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), end_s);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
		(const unsigned char *)host, -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	X509_set_pubkey(certificate, key);
	X509_add_ext(certificate, names, -1);
	X509_EXTENSION_free(names);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

static int agree_on_h2(SSL *ssl, const unsigned char **out, unsigned char *size,
	const unsigned char *in, unsigned in_size, void *context)
{
	return SSL_select_next_proto((unsigned char **)out, size, (const unsigned char *)"\x02h2",
		       3, in, in_size) == OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_NOACK;
}

// A server's context with a certificate of its own; written to 'pem' where that is given.
static SSL_CTX *make_ctx(const char *host, int64_t begin_s, int64_t end_s, const char *pem)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = make_certificate(key, host, begin_s, end_s);
	FILE *file;

	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	SSL_CTX_set_alpn_select_cb(ctx, agree_on_h2, NULL);
	if (pem != NULL) {
		file = fopen(pem, "w");
		assert_non_null(file);
		PEM_write_X509(file, certificate);
		fclose(file);
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	return ctx;
}

// ---- probing

static void an_answer_is_judged_by_status_and_body(void **state)
{
	static const struct {
		const char *answer;
		uint16_t status[4][2];
		const char *body;
		const char *reason;
	} cases[] = {
		{"HTTP/1.1 503 Down\r\n\r\n", {{0}}, "",
			"it answers with status 503, not 200 to 399"},
		{"HTTP/1.1 302 Found\r\n\r\n", {{200, 200}}, "",
			"it answers with status 302, not 200"},
		{"HTTP/1.1 200 OK\r\n\r\nno", {{0}}, "ready", "its answer does not have 'ready'"},
		{"HTTP/1.1 200 OK\r\n", {{0}}, "",
			"it closed the connection in the middle of its answer"},
		{"220 smtp.example.com ESMTP\r\n", {{0}}, "", "its answer is no HTTP/1 response"},
		{"HTTP/1.1 199 No\r\n\r\nHTTP/1.1 205 No\r\n\r\n",
			{{200, 200}, {204, 204}, {300, 399}}, "",
			"it answers with status 205, not 200, 204, 300-399"},
		{"HTTP/1.1 400 No\r\n\r\n", {{200, 200}, {204, 204}, {300, 399}}, "",
			"it answers with status 400, not 200, 204, 300-399"},
		{"HTTP/1.1 200 OK\r\n\r\nfertig", {{0}}, "f\xc3\xa4hig\r\n",
			"its answer does not have 'f\xc3\xa4hig?\?'"},
		{"HTTP/1.1 302 Found\r\n\r\n", {{0}}, "", ""},
		{"HTTP/1.1 200 No\r\n\r\n", {{200, 200}, {204, 204}, {300, 399}}, "", ""},
		{"HTTP/1.1 204 No\r\n\r\n", {{200, 200}, {204, 204}, {300, 399}}, "", ""},
		{"HTTP/1.1 300 No\r\n\r\n", {{200, 200}, {204, 204}, {300, 399}}, "", ""},
		{"HTTP/1.1 399 No\r\n\r\n", {{200, 200}, {204, 204}, {300, 399}}, "", ""},
		{"HTTP/1.1 200 OK\r\n\r\nist f\xc3\xa4hig\r\n.", {{0}}, "f\xc3\xa4hig\r\n", ""},
		{"HTTP/1.1 404 No\r\n\r\n", {{404, 404}}, "", ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nis ready.", {{200, 200}}, "ready",
			""},
	};
	struct room *room = *state;
	struct server server = {.behaviour = ANSWERS};
	struct health_target one = one_probe(room, CONFIG_PROBE_HTTP);

	serve(room, &server);
	for (size_t i = 0; i < COUNT(cases); i++) {
		server.text = cases[i].answer;
		server.request[0] = '\0';
		memcpy(one.policy.status, cases[i].status, sizeof(cases[i].status));
		for (one.policy.status_count = 0; cases[i].status[one.policy.status_count][0] != 0;)
			one.policy.status_count++;
		snprintf(one.policy.body, sizeof(one.policy.body), "%s", cases[i].body);
		assert_string_equal(probe(room, &one), cases[i].reason);
	}
	stop_serving(&server);
}

static void a_request_asks_for_what_the_policy_says(void **state)
{
	struct room *room = *state;
	struct server server = {.behaviour = ANSWERS, .text = "HTTP/1.1 200 OK\r\n\r\n"};
	struct health_target one = one_probe(room, CONFIG_PROBE_HTTP);
	char expected[256];

	serve(room, &server);
	assert_string_equal(probe(room, &one), "");
	snprintf(expected, sizeof(expected),
		"GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: fulcrum-health/" FULCRUM_VERSION
		"\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		one.port);
	assert_string_equal(server.request, expected);

	strcpy(one.policy.host, HOST);
	strcpy(one.policy.path, "/readyz?full");
	one.policy.method = CONFIG_METHOD_HEAD;
	server.request[0] = '\0';
	assert_string_equal(probe(room, &one), "");
	assert_non_null(strstr(server.request, "HEAD /readyz?full HTTP/1.1\r\nHost: " HOST "\r\n"));
	stop_serving(&server);
}

static void a_server_of_bad_will_fails_in_time(void **state)
{
	static const struct {
		enum config_probe_type type;
		enum behaviour behaviour;
		const char *text;
		const char *reason;
	} cases[] = {
		{CONFIG_PROBE_HTTP, SAYS, "", "no answer within 300ms"},
		{CONFIG_PROBE_HTTP, DRIPS, "HTTP/1.1 200 OK\r\nX: slow slow slow",
			"no answer within 300ms"},
		{CONFIG_PROBE_HTTP, REPEATS, "HTTP/1.1 200 OK\r\n",
			"its header does not end within 64KiB"},
		{CONFIG_PROBE_HTTP, CLOSES, "", "it closed the connection without an answer"},
		{CONFIG_PROBE_TLS, SAYS, "", "no answer within 300ms"},
		{CONFIG_PROBE_TLS, SAYS, "HTTP/1.1 400 Bad Request\r\n\r\n",
			"what it sends is no TLS"},
		{CONFIG_PROBE_TLS, REPEATS, "\x16\x03\x03\x40\x01xxxx", "*"},
		{CONFIG_PROBE_TLS, DRIPS, "\x16\x03\x03\x10\x10xxxx", "no answer within 300ms"},
		{CONFIG_PROBE_TLS, CLOSES, "", "it closed the connection"},
		{CONFIG_PROBE_HTTPS, REPEATS, "\x16\x03\x03\x40\x01xxxx", "*"},
	};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server server = {.behaviour = cases[i].behaviour, .text = cases[i].text};
		struct health_target one = one_probe(room, cases[i].type);
		uint64_t begin_ns = clock_monotonic_ns();
		const char *reason;

		one.policy.timeout_ms = 300;
		serve(room, &server);
		reason = probe(room, &one);
		if (cases[i].reason[0] == '*')
			assert_true(reason[0] != '\0');
		else if (cases[i].behaviour != CLOSES || strstr(reason, "reset") == NULL)
			assert_string_equal(reason, cases[i].reason);
		assert_true(clock_monotonic_ns() - begin_ns < 5 * CLOCK_NS_PER_S);
		stop_serving(&server);
	}
}

static void a_handshake_tells_when_the_certificate_ends(void **state)
{
	struct room *room = *state;
	struct server server = {
		.behaviour = SAYS, .text = "", .ctx = make_ctx(HOST, -DAY_S, 30 * DAY_S, NULL)};
	struct health_target one = one_probe(room, CONFIG_PROBE_TLS);
	uint64_t end_s = clock_wall_s() + 30 * DAY_S;

	serve(room, &server);
	assert_string_equal(probe(room, &one), "");
	assert_in_range(view(room, 7).certificate_end_s, end_s - 60, end_s + 60);
	stop_serving(&server);
}

static void a_certificate_out_of_its_time_takes_a_backend_down(void **state)
{
	static const struct {
		int64_t begin_s;
		int64_t end_s;
		const char *reason;
	} cases[] = {{-2 * DAY_S, -DAY_S, "its certificate ended on "},
		{DAY_S, 2 * DAY_S, "its certificate begins on "}};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server server = {.behaviour = SAYS,
			.text = "",
			.ctx = make_ctx(HOST, cases[i].begin_s, cases[i].end_s, NULL)};
		struct health_target one = one_probe(room, CONFIG_PROBE_TLS);
		const char *reason;

		serve(room, &server);
		reason = probe(room, &one);
		assert_memory_equal(reason, cases[i].reason, strlen(cases[i].reason));
		assert_int_equal(
			strlen(reason), strlen(cases[i].reason) + strlen("2026-11-22T06:03:00Z"));
		stop_serving(&server);
	}
}

static void the_authority_must_vouch_where_one_is_named(void **state)
{
	char own[] = "/tmp/fulcrum-own-XXXXXX", other[] = "/tmp/fulcrum-other-XXXXXX";
	struct room *room = *state;
	struct server server = {.behaviour = SAYS, .text = ""};
	struct health_target one = one_probe(room, CONFIG_PROBE_TLS);
	int own_fd = mkstemp(own), other_fd = mkstemp(other);

	server.ctx = make_ctx(HOST, -DAY_S, DAY_S, own);
	SSL_CTX_free(make_ctx(HOST, -DAY_S, DAY_S, other));
	serve(room, &server);

	strcpy(one.policy.ca, own);
	assert_string_equal(probe(room, &one), "");
	strcpy(one.policy.host, HOST);
	assert_string_equal(probe(room, &one), "");
	strcpy(one.policy.host, "another.example.com");
	assert_string_equal(probe(room, &one), "its certificate: it is for another host name");
	strcpy(one.policy.host, HOST);
	strcpy(one.policy.ca, other);
	assert_string_equal(probe(room, &one),
		"its certificate: it is signed by itself, and is none of the authorities");

	// The file is read anew when that is asked for.
	assert_int_equal(rename(own, other), 0);
	assert_string_not_equal(probe(room, &one), "");
	health_forget_files(room->health);
	assert_string_equal(probe(room, &one), "");
	close(own_fd);
	close(other_fd);
	unlink(other);
	stop_serving(&server);
}

// ---- servers that want a certificate of ours

// A certificate and its key; both into 'both', the certificate alone into 'alone', the key alone
// into 'key'.
static void write_client(const char *both, const char *alone, const char *key_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = make_certificate(key, "probe.example.com", -DAY_S, DAY_S);
	FILE *files[] = {fopen(both, "w"), fopen(alone, "w"), fopen(key_file, "w")};

	PEM_write_X509(files[0], certificate);
	PEM_write_PrivateKey(files[0], key, NULL, NULL, 0, NULL, NULL);
	PEM_write_X509(files[1], certificate);
	PEM_write_PrivateKey(files[2], key, NULL, NULL, 0, NULL, NULL);
	for (size_t i = 0; i < COUNT(files); i++)
		fclose(files[i]);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void a_server_that_wants_a_certificate_is_shown_one(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	char folder[] = "/tmp/fulcrum-client-XXXXXX", names[6][64];
	static const char *const files[] = {"both.pem", "alone.pem", "key.pem", "other.pem",
		"other-alone.pem", "other-key.pem"};
	struct room *room = *state;

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < COUNT(files); i++)
		snprintf(names[i], sizeof(names[i]), "%s/%s", folder, files[i]);
	write_client(names[0], names[1], names[2]);
	write_client(names[3], names[4], names[5]);
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct server server = {.behaviour = ANSWERS, .text = "HTTP/1.1 200 OK\r\n\r\n"};
		struct health_target one = one_probe(room, CONFIG_PROBE_HTTPS);

		server.ctx = make_ctx(HOST, -DAY_S, DAY_S, NULL);
		SSL_CTX_set_min_proto_version(server.ctx, versions[i]);
		SSL_CTX_set_max_proto_version(server.ctx, versions[i]);
		SSL_CTX_load_verify_file(server.ctx, names[1]);
		SSL_CTX_set_verify(
			server.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		serve(room, &server);
		assert_string_equal(probe(room, &one),
			"it wants a client certificate: give the health section a certificate and a key");
		strcpy(one.policy.certificate, names[0]); // the key stands in there, too
		assert_string_equal(probe(room, &one), "");
		strcpy(one.policy.certificate, names[1]);
		strcpy(one.policy.key, names[2]);
		assert_string_equal(probe(room, &one), "");
		strcpy(one.policy.certificate, names[3]);
		one.policy.key[0] = '\0';
		assert_non_null(
			strstr(probe(room, &one), "it refuses the client certificate of '"));
		stop_serving(&server);
	}
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(names[i]);
	rmdir(folder);
}

static void a_key_that_cannot_be_used_blames_no_backend(void **state)
{
	char folder[] = "/tmp/fulcrum-client-XXXXXX", names[6][64];
	struct room *room = *state;
	struct server server = {
		.behaviour = SAYS, .text = "", .ctx = make_ctx(HOST, -DAY_S, DAY_S, NULL)};
	struct health_target one = one_probe(room, CONFIG_PROBE_TLS);
	uint64_t before = stats(room).local_failures;

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < COUNT(names); i++)
		snprintf(names[i], sizeof(names[i]), "%s/%zu", folder, i);
	write_client(names[0], names[1], names[2]);
	write_client(names[3], names[4], names[5]);
	strcpy(one.policy.certificate, names[1]);
	strcpy(one.policy.key, names[5]); // another certificate's
	serve(room, &server);
	set_one(room, &one);
	RUN_UNTIL(room, stats(room).local_failures > before);
	assert_int_equal(view(room, 7).status, HEALTH_UNKNOWN);
	assert_non_null(strstr(view(room, 7).reason, "the balancer cannot use key '"));
	stop_serving(&server);
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	rmdir(folder);
}

static void a_missing_authority_blames_no_backend(void **state)
{
	struct room *room = *state;
	struct server server = {
		.behaviour = SAYS, .text = "", .ctx = make_ctx(HOST, -DAY_S, DAY_S, NULL)};
	struct health_target one = one_probe(room, CONFIG_PROBE_TLS);

	strcpy(one.policy.ca, "/nowhere/ca.pem");
	serve(room, &server);
	set_one(room, &one);
	RUN_UNTIL(room, stats(room).local_failures > 0);
	assert_int_equal(view(room, 7).status, HEALTH_UNKNOWN);
	assert_non_null(
		strstr(view(room, 7).reason, "'/nowhere/ca.pem': No such file or directory"));
	stop_serving(&server);
}

static void the_protocol_must_be_agreed_on_where_one_is_named(void **state)
{
	struct room *room = *state;
	struct server server = {
		.behaviour = SAYS, .text = "", .ctx = make_ctx(HOST, -DAY_S, DAY_S, NULL)};
	struct health_target one = one_probe(room, CONFIG_PROBE_TLS);

	serve(room, &server);
	strcpy(one.policy.alpn, "h2");
	assert_string_equal(probe(room, &one), "");
	strcpy(one.policy.alpn, "http/1.1");
	assert_string_equal(probe(room, &one), "it does not agree on 'http/1.1' by ALPN");
	stop_serving(&server);
}

static void a_request_goes_through_tls(void **state)
{
	struct room *room = *state;
	struct server server = {.behaviour = ANSWERS,
		.text = "HTTP/1.1 200 OK\r\n\r\nready",
		.ctx = make_ctx(HOST, -DAY_S, DAY_S, NULL)};
	struct health_target one = one_probe(room, CONFIG_PROBE_HTTPS);

	serve(room, &server);
	strcpy(one.policy.host, HOST);
	strcpy(one.policy.body, "ready");
	assert_string_equal(probe(room, &one), "");
	assert_non_null(strstr(server.request, "Host: " HOST "\r\n"));
	strcpy(one.policy.body, "red");
	server.request[0] = '\0';
	assert_string_equal(probe(room, &one), "its answer does not have 'red'");
	stop_serving(&server);
}

static void probes_leave_no_descriptor_behind(void **state)
{
	struct room *room = *state;
	struct server server = {.behaviour = ANSWERS,
		.text = "HTTP/1.1 200 OK\r\n\r\nready",
		.ctx = make_ctx(HOST, -DAY_S, DAY_S, NULL)};
	struct health_target some[10];
	uint32_t before = open_descriptors();

	serve(room, &server);
	for (uint32_t i = 0; i < COUNT(some); i++) {
		some[i] = one_probe(room, i % 2 == 0 ? CONFIG_PROBE_HTTPS : CONFIG_PROBE_TLS);
		some[i].id = i;
		some[i].policy.interval_ms = 10;
	}
	set_targets(room, some, COUNT(some));
	RUN_UNTIL(room, stats(room).probes >= 300);
	set_targets(room, NULL, 0);
	RUN_UNTIL(room, server.peers == NULL);
	assert_int_equal(stats(room).failures, 0);
	assert_int_equal(open_descriptors(), before);
	stop_serving(&server);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		IN_ROOM(an_answer_is_judged_by_status_and_body),
		IN_ROOM(a_request_asks_for_what_the_policy_says),
		IN_ROOM(a_server_of_bad_will_fails_in_time),
		IN_ROOM(a_handshake_tells_when_the_certificate_ends),
		IN_ROOM(a_certificate_out_of_its_time_takes_a_backend_down),
		IN_ROOM(the_authority_must_vouch_where_one_is_named),
		IN_ROOM(a_missing_authority_blames_no_backend),
		IN_ROOM(a_server_that_wants_a_certificate_is_shown_one),
		IN_ROOM(a_key_that_cannot_be_used_blames_no_backend),
		IN_ROOM(the_protocol_must_be_agreed_on_where_one_is_named),
		IN_ROOM(a_request_goes_through_tls),
		IN_ROOM(probes_leave_no_descriptor_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
