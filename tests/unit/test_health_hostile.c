// SPDX-License-Identifier: BSD-3-Clause
// Many probes of every kind against peers of bad will, at once: no descriptor is lost, nothing
// leaks (under the sanitizers), and each fails. FULCRUM_HOSTILE_PROBES=100000 for many more of
// them.
#include "health_server.h"

#include <base/clock.h>
#include <metrics/step.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROBES       2000
#define TARGETS      64

static uint32_t wanted_probes(void)
{
	const char *text = getenv("FULCRUM_HOSTILE_PROBES");

	return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : PROBES;
}

// Every kind of probe that goes over TCP, over and over, until so many have ended.
static void probe_all_kinds(struct room *room, uint32_t count)
{
	static const enum config_probe_type types[] = {CONFIG_PROBE_TCP, CONFIG_PROBE_TLS,
		CONFIG_PROBE_HTTP, CONFIG_PROBE_HTTPS, CONFIG_PROBE_GRPC, CONFIG_PROBE_GRPCS};
	struct health_target targets[TARGETS];
	uint64_t before = stats(room).probes;
	uint64_t begin_ns = clock_monotonic_ns();

	for (uint32_t i = 0; i < TARGETS; i++) {
		targets[i] = target(room, i);
		targets[i].policy.type = types[i % COUNT(types)];
		targets[i].policy.interval_ms = 10;
		targets[i].policy.timeout_ms = 10;
		strcpy(targets[i].policy.host, "app.example.com");
		if (targets[i].policy.type == CONFIG_PROBE_TCP)
			strcpy(targets[i].policy.expect, "0x7f");
	}
	set_targets(room, targets, TARGETS);
	while (stats(room).probes - before < count)
		assert_int_equal(event_base_loop(room->base, EVLOOP_ONCE), 0);
	for (uint32_t i = 0; i < TARGETS; i++)
		assert_int_not_equal(view(room, i).status, HEALTH_UP);
	print_message("%u probes in %llu ms\n", count,
		(unsigned long long)((clock_monotonic_ns() - begin_ns) / CLOCK_NS_PER_MS));
	set_targets(room, NULL, 0);
}

// What a step of the loop may take of the processor. An instrumented program takes ten times as
// long for it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_INSTRUMENTED 1
#endif
#endif
#ifdef IS_INSTRUMENTED
#define STEP_MAX_US 100000
#else
#define STEP_MAX_US 10000
#endif

static void assert_steps_are_short(const char *of)
{
	static const enum step_kind kinds[] = {STEP_PROBE, STEP_PROBE_START};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		uint64_t longest_us = step_longest_cpu_us(kinds[i]);

		if (longest_us >= STEP_MAX_US)
			fail_msg("%s: a step '%s' took %llu us of the processor", of,
				step_label(kinds[i]), (unsigned long long)longest_us);
	}
	print_message("%s: the longest steps: %llu us, %llu us\n", of,
		(unsigned long long)step_longest_cpu_us(STEP_PROBE),
		(unsigned long long)step_longest_cpu_us(STEP_PROBE_START));
}

static void peers_of_bad_will_cost_no_descriptor_and_no_time(void **state)
{
	static const struct {
		enum behaviour behaviour;
		const char *text;
		size_t size;
	} peers[] = {
		{SAYS, "", 0}, // nothing
		{CLOSES, "", 0},
		{DRIPS, "HTTP/1.1 200 OK\r\nX: slow slow slow", 0},
		{SAYS, "220 smtp.example.com ESMTP\r\n", 0},
		{REPEATS, "HTTP/1.1 200 OK\r\nX: no end\r\n", 0},
		{REPEATS, "\x16\x03\x03\x40\x01xxxx", 9}, // a TLS record, broken
		{REPEATS, "\0\0\x08\6\0\0\0\0\0abcdefgh", 17}, // HTTP/2 pings
		{REPEATS, "\0\0\0\4\0\0\0\0\0", 9}, // HTTP/2 settings
		{REPEATS, "\0\0\4\x08\0\0\0\0\0\0\0\0\1", 13}, // windows
		{REPEATS, "\0\0\0\4\0\0\0\0\0\0\0\x08\1\0\0\0\0\1\x82\x82\x82\x82\x82\x82\x82\x82",
			26}, // headers
		{REPEATS, "\x15\x03\x03\0\2\1\0", 7}, // TLS's warnings
		{REPEATS, "\x16\x03\x03\0\4\0\0\0\0", 9}, // requests to begin again
		{REPEATS, "\x14\x03\x03\0\1\1", 6}, // changes of the cipher
		{REPEATS, "\x16\x03\x03\0\0", 5}, // records of nothing
		{DRIPS, "\x16\x03\x03\x3f\xff\2\0\x3f\xfb", 9}, // a long hello, byte by byte
		{SAYS, "\0\0\0\4\0\0\0\0\0\0\0\x08\x9\0\0\0\0\1\0\1x\4yyyy", 26},
	};
	struct room *room = *state;
	uint32_t before = open_descriptors();

	for (size_t i = 0; i < COUNT(peers); i++) {
		struct server server = {.behaviour = peers[i].behaviour,
			.text = peers[i].text,
			.size = peers[i].size};

		serve(room, &server);
		step_forget();
		probe_all_kinds(room, wanted_probes() / COUNT(peers));
		assert_steps_are_short("a plain peer");
		stop_serving(&server);
	}
	// Connections that the kernel took and the listener has not seen are the listener's.
	RUN_UNTIL(room, open_descriptors() == before);
}

// --- Who speaks TLS, at a price ---

enum price {
	HONEST,
	DEAREST_TAKEN,
	DIFFIE_HELLMAN,
	LARGE_KEY,
	LARGE_EXPONENT,
	LONG_CHAIN,
	LONGER_CHAIN
};

// A key of any size without the search for primes: its signatures are wrong, which the other end
// finds out last.
static EVP_PKEY *make_rsa(int bits, int exponent_bits)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = BN_new(), *public = BN_new(), *private = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	BN_rand(modulus, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	BN_rand(public, exponent_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	BN_set_word(private, 3);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, public);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, private);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(public);
	BN_free(private);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static X509 *make_certificate(EVP_PKEY *key, int number)
{
	X509 *certificate = X509_new();
	unsigned char name[32];

	snprintf((char *)name, sizeof(name), "certificate %d", number);
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), number);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_NAME_add_entry_by_txt(
		X509_get_subject_name(certificate), "CN", MBSTRING_ASC, name, -1, -1, 0);
	snprintf((char *)name, sizeof(name), "certificate %d", number + 1);
	X509_NAME_add_entry_by_txt(
		X509_get_issuer_name(certificate), "CN", MBSTRING_ASC, name, -1, -1, 0);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

// DHE over 9,984 bits: the prime is none, and nobody looks.
static EVP_PKEY *make_group(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *prime = BN_new(), *two = BN_new();
	EVP_PKEY *group = NULL;
	OSSL_PARAM *params;

	BN_rand(prime, 9984, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	BN_set_word(two, 2);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, prime);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, two);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &group, EVP_PKEY_KEY_PARAMETERS, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(prime);
	BN_free(two);
	EVP_PKEY_CTX_free(ctx);
	return group;
}

static SSL_CTX *make_dear_ctx(enum price price, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = price == DEAREST_TAKEN    ? make_rsa(8192, 64)
			: price == LARGE_KEY      ? make_rsa(16384, 17)
			: price == LARGE_EXPONENT ? make_rsa(3072, 3071)
			: price == DIFFIE_HELLMAN ? EVP_RSA_gen(2048)
						  : EVP_EC_gen("P-256");
	X509 *certificate = make_certificate(key, 1);
	int chain = price == LONG_CHAIN ? 44 : price == LONGER_CHAIN ? 100 : 1;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_options(ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	if (price == DIFFIE_HELLMAN) {
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, "kDHE"), 1);
		assert_int_equal(SSL_CTX_set0_tmp_dh_pkey(ctx, make_group()), 1);
	}
	for (int i = 2; i <= chain; i++) {
		X509 *next = make_certificate(key, i);

		assert_int_equal(SSL_CTX_add0_chain_cert(ctx, next), 1);
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	return ctx;
}

static void a_handshake_that_is_dear_is_not_made(void **state)
{
	static const struct {
		enum price price;
		enum behaviour behaviour;
		int version;
		const char *reason;
	} cases[] = {
		{DIFFIE_HELLMAN, SAYS, TLS1_2_VERSION,
			"it refuses: no cipher, version or key that both ends take"},
		{LARGE_KEY, SAYS, TLS1_2_VERSION,
			"its chain has an RSA key of 16384 bits, 8192 are the most"},
		{LARGE_KEY, SAYS, TLS1_3_VERSION,
			"its chain has an RSA key of 16384 bits, 8192 are the most"},
		{LARGE_EXPONENT, SAYS, TLS1_3_VERSION,
			"its chain has an RSA key with an exponent of 3071 bits, 64 are the most"},
		{LONG_CHAIN, SAYS, TLS1_3_VERSION,
			"it sends a chain of 44 certificates, 10 are the most"},
		{LONG_CHAIN, SAYS, TLS1_2_VERSION,
			"it sends a chain of 44 certificates, 10 are the most"},
		{LONGER_CHAIN, SAYS, TLS1_3_VERSION,
			"a message of its handshake is too large: 16 KiB of certificates are the most"},
		{LONGER_CHAIN, SAYS, TLS1_2_VERSION,
			"a message of its handshake is too large: 16 KiB of certificates are the most"},
		{DEAREST_TAKEN, SAYS, TLS1_3_VERSION, "its signature is wrong"},
		{HONEST, SAYS, TLS1_2_VERSION, ""},
		{HONEST, SAYS, TLS1_3_VERSION, ""},
	};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server server = {.behaviour = cases[i].behaviour,
			.text = "",
			.ctx = make_dear_ctx(cases[i].price, cases[i].version)};
		struct health_target one;

		serve(room, &server);
		one = one_probe(room, CONFIG_PROBE_TLS);
		step_forget();
		assert_string_equal(probe(room, &one), cases[i].reason);
		assert_steps_are_short(cases[i].reason);
		stop_serving(&server);
	}
}

static void a_peer_that_begins_tls_again_and_again_holds_nobody(void **state)
{
	static const struct {
		enum behaviour behaviour;
		int version;
	} cases[] = {{RENEGOTIATES, TLS1_2_VERSION}, {REKEYS, TLS1_3_VERSION}};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server server = {.behaviour = cases[i].behaviour,
			.text = "",
			.ctx = make_dear_ctx(HONEST, cases[i].version)};
		struct health_target one;

		serve(room, &server);
		one = one_probe(room, CONFIG_PROBE_HTTPS);
		one.policy.timeout_ms = 1000;
		step_forget();
		assert_string_not_equal(probe(room, &one), "");
		assert_steps_are_short("a peer that begins again");
		stop_serving(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_handshake_that_is_dear_is_not_made, enter, leave),
		cmocka_unit_test_setup_teardown(
			a_peer_that_begins_tls_again_and_again_holds_nobody, enter, leave),
		cmocka_unit_test_setup_teardown(
			peers_of_bad_will_cost_no_descriptor_and_no_time, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
