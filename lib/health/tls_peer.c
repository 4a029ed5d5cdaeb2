// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_private.h>
#include <health/tls_words.h>

#include <base/clock.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

// 0 where the certificate says no time that there is.
static uint64_t wall_s(const ASN1_TIME *time)
{
	struct tm tm;
	time_t seconds;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return 0;
	seconds = timegm(&tm);
	return seconds > 0 ? (uint64_t)seconds : 0;
}

static enum progress check_dates(struct conversation *conversation, X509 *certificate)
{
	uint64_t begin_s = wall_s(X509_get0_notBefore(certificate));
	uint64_t end_s = wall_s(X509_get0_notAfter(certificate));
	uint64_t now_s = clock_wall_s();
	char text[32];

	conversation->result.certificate_end_s = end_s;
	if (end_s <= now_s)
		return conversation_fail(conversation, "its certificate ended on %s",
			clock_format_utc(end_s, text, sizeof(text)));
	if (begin_s > now_s)
		return conversation_fail(conversation, "its certificate begins on %s",
			clock_format_utc(begin_s, text, sizeof(text)));
	return PROGRESS_NEXT;
}

static enum progress check_authority(struct conversation *conversation)
{
	long verdict = SSL_get_verify_result(conversation->ssl);
	char words[TLS_WORDS_SIZE];

	if (conversation->request.policy->ca[0] == '\0' || verdict == X509_V_OK)
		return PROGRESS_NEXT;
	return conversation_fail(
		conversation, "its certificate: %s", tls_verdict_words(verdict, words));
}

// RFC 9113 3.2: HTTP/2 over TLS is agreed on as "h2".
const char *tls_alpn(const struct config_health *policy)
{
	return policy->type == CONFIG_PROBE_GRPCS ? "h2" : policy->alpn;
}

static enum progress check_alpn(struct conversation *conversation)
{
	const char *wanted = tls_alpn(conversation->request.policy);
	const unsigned char *selected;
	unsigned size;

	if (wanted[0] == '\0')
		return PROGRESS_NEXT;
	SSL_get0_alpn_selected(conversation->ssl, &selected, &size);
	if (size == strlen(wanted) && memcmp(selected, wanted, size) == 0)
		return PROGRESS_NEXT;
	return conversation_fail(conversation, "it does not agree on '%s' by ALPN", wanted);
}

enum progress tls_check_peer(struct conversation *conversation)
{
	X509 *certificate = SSL_get0_peer_certificate(conversation->ssl);
	enum progress progress;

	if (certificate == NULL)
		return conversation_fail(conversation, "it has no certificate");
	progress = check_dates(conversation, certificate);
	if (progress == PROGRESS_NEXT)
		progress = check_authority(conversation);
	if (progress == PROGRESS_NEXT)
		progress = check_alpn(conversation);
	return progress;
}
