// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_words.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// The library's own words are what no operator is to read.
static void assert_is_ours(const char *words, const char *library)
{
	assert_true(strlen(words) > 10);
	assert_null(strstr(words, "sslv3"));
	assert_null(strstr(words, "tlsv1"));
	assert_null(strstr(words, "routines"));
	if (library != NULL && strcmp(words, library) == 0)
		fail_msg("'%s' is the library's own", words);
}

static void causes_are_told_in_our_words(void **state)
{
	static const struct {
		int reason;
		const char *words;
	} rows[] = {
		{SSL_R_WRONG_VERSION_NUMBER, "what it sends is no TLS"},
		{SSL_R_HTTP_REQUEST, "what it sends is no TLS"},
		{SSL_R_UNEXPECTED_EOF_WHILE_READING, "it closed the connection in the middle"},
		{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
			"it refuses: no cipher, version or key that both ends take"},
		{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
			"it refuses: no version of TLS that both ends take"},
		{SSL_R_TLSV1_UNRECOGNIZED_NAME, "it refuses: it does not serve that host name"},
		{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
			"it refuses: it wants a certificate of the client"},
		{SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL,
			"it refuses: it speaks none of the protocols that ALPN offers"},
		{SSL_AD_REASON_OFFSET + 99, "it refuses, by TLS's alert 99"},
	};
	char text[TLS_WORDS_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(tls_error_words(ERR_PACK(ERR_LIB_SSL, 0, rows[i].reason), text),
			rows[i].words);
	assert_string_equal(tls_error_words(0, text), "it closed the connection");
}

static void no_error_code_gives_the_librarys_words(void **state)
{
	static const int libraries[] = {
		ERR_LIB_SSL, ERR_LIB_X509, ERR_LIB_EVP, ERR_LIB_RSA, ERR_LIB_ASN1};
	char text[TLS_WORDS_SIZE];

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		for (int reason = 1; reason < 1300; reason++) {
			unsigned long error = ERR_PACK(libraries[i], 0, reason);

			assert_is_ours(
				tls_error_words(error, text), ERR_reason_error_string(error));
		}
}

static void no_verdict_gives_the_librarys_words(void **state)
{
	char text[TLS_WORDS_SIZE];

	for (long verdict = 1; verdict < 120; verdict++)
		assert_is_ours(
			tls_verdict_words(verdict, text), X509_verify_cert_error_string(verdict));
	assert_string_equal(tls_verdict_words(X509_V_ERR_HOSTNAME_MISMATCH, text),
		"it is for another host name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes_are_told_in_our_words),
		cmocka_unit_test(no_error_code_gives_the_librarys_words),
		cmocka_unit_test(no_verdict_gives_the_librarys_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
