// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_private.h>
#include <health/tls_words.h>

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

void tls_close(struct ssl_st *ssl)
{
	SSL_free(ssl);
}

// RFC 7301 3.1: each name behind its length.
static bool offer_alpn(SSL *ssl, const char *name)
{
	unsigned char wire[1 + sizeof(((struct config_health *)0)->alpn)];
	size_t size = strlen(name);

	wire[0] = (unsigned char)size;
	memcpy(wire + 1, name, size);
	return size == 0 || SSL_set_alpn_protos(ssl, wire, (unsigned)size + 1) == 0;
}

static bool set_up(SSL *ssl, const struct config_health *policy, int fd)
{
	const char *host = policy->host;

	return offer_alpn(ssl, tls_alpn(policy)) &&
	       (host[0] == '\0' || (SSL_set_tlsext_host_name(ssl, host) == 1 &&
					   SSL_set1_host(ssl, host) == 1)) &&
	       SSL_set_fd(ssl, fd) == 1;
}

// A lack of this machine's own: one of its files, or memory.
static enum progress fail_here(struct conversation *conversation, const char *fault)
{
	conversation_fail(conversation, "%s", fault);
	conversation->result.outcome = PROBE_LOCAL;
	return PROGRESS_FAILED;
}

static enum progress begin(struct conversation *conversation)
{
	const struct config_health *policy = conversation->request.policy;
	const char *fault;
	SSL_CTX *ctx =
		tls_contexts_get(conversation->request.tls, policy, &conversation->waiter, &fault);

	if (ctx == NULL)
		return conversation->waiter.is_waiting ? PROGRESS_FILES
						       : fail_here(conversation, fault);
	conversation->ssl = SSL_new(ctx);
	if (conversation->ssl == NULL || !set_up(conversation->ssl, policy, conversation->fd))
		return fail_here(conversation, "the balancer cannot begin it: no memory");
	tls_limits_attend(conversation->ssl, conversation->refusal);
	return PROGRESS_NEXT;
}

// The server asked for a certificate of ours, which OpenSSL tells by the list of authorities, or of
// algorithms, that came with the request.
static bool asked_for_certificate(SSL *ssl)
{
	const STACK_OF(X509_NAME) *authorities = SSL_get0_peer_CA_list(ssl);
	const unsigned char *types;

	return SSL_get0_certificate_types(ssl, &types) > 0 || sk_X509_NAME_num(authorities) > 0;
}

// A server that wants a certificate refuses by an alert. In TLS 1.3 it has one for who shows none;
// earlier versions say "handshake failure" of whatever they dislike. The other alerts are about the
// certificate that it was shown.
static bool is_about_certificate(SSL *ssl, bool shows_one, int reason)
{
	switch (reason) {
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return true;
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		return asked_for_certificate(ssl);
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return shows_one || asked_for_certificate(ssl);
	default:
		return false;
	}
}

static enum progress fail_tls(struct conversation *conversation)
{
	unsigned long error = ERR_peek_last_error();
	const char *shown = conversation->request.policy->certificate;
	char words[TLS_WORDS_SIZE];

	if (conversation->refusal[0] != '\0')
		return conversation_fail(conversation, "%s", conversation->refusal);
	tls_error_words(error, words);
	if (!is_about_certificate(conversation->ssl, shown[0] != '\0', ERR_GET_REASON(error)))
		return conversation_fail(conversation, "%s", words);
	if (shown[0] == '\0')
		return conversation_fail(conversation,
			"it wants a client certificate: give the health section a certificate and a key");
	return conversation_fail(
		conversation, "it refuses the client certificate of '%s': %s", shown, words);
}

// Why an OpenSSL call that returned 'rc' did not do what was asked.
static enum progress waits_or_fails(struct conversation *conversation, int rc)
{
	int error = errno;

	switch (SSL_get_error(conversation->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return PROGRESS_READ;
	case SSL_ERROR_WANT_WRITE:
		return PROGRESS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return PROGRESS_NEXT;
	case SSL_ERROR_SYSCALL:
		if (error == 0 || rc == 0)
			return PROGRESS_NEXT;
		return conversation_fail_errno(conversation, error);
	default:
		return fail_tls(conversation);
	}
}

static enum progress run_handshake(struct conversation *conversation)
{
	enum progress progress = conversation->ssl == NULL ? begin(conversation) : PROGRESS_NEXT;
	int rc;

	if (progress != PROGRESS_NEXT)
		return progress;
	ERR_clear_error();
	errno = 0;
	rc = SSL_connect(conversation->ssl);
	if (rc == 1)
		return tls_check_peer(conversation);
	progress = waits_or_fails(conversation, rc);
	return progress == PROGRESS_NEXT
		       ? conversation_fail(conversation, "it closed the connection")
		       : progress;
}

const struct phase phase_handshake = {"TLS handshake with", run_handshake};

size_t tls_write(
	struct conversation *conversation, const void *bytes, size_t size, enum progress *progress)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_write(conversation->ssl, bytes, (int)size);
	if (rc > 0)
		return (size_t)rc;
	*progress = waits_or_fails(conversation, rc);
	if (*progress == PROGRESS_NEXT)
		*progress = conversation_fail(conversation, "it closed the connection");
	return 0;
}

size_t tls_read(
	struct conversation *conversation, void *bytes, size_t size, enum progress *progress)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read(conversation->ssl, bytes, (int)size);
	if (rc > 0)
		return (size_t)rc;
	*progress = waits_or_fails(conversation, rc);
	return 0;
}
