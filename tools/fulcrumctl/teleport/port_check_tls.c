// SPDX-License-Identifier: BSD-3-Clause
#include "port_check.h"

#include <base/printable.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

// A list of one, as ALPN has it on the wire.
static bool offer_alpn(SSL *ssl, const char *name)
{
	unsigned char wire[32];
	size_t size = name == NULL ? 0 : strlen(name);

	if (size == 0)
		return true;
	if (size >= sizeof(wire))
		return false;
	wire[0] = (unsigned char)size;
	memcpy(wire + 1, name, size);
	return SSL_set_alpn_protos(ssl, wire, (unsigned)size + 1) == 0;
}

// A zero in a name would hide what stands behind it, from whoever reads and not from whoever
// compares.
static void append_name(const ASN1_STRING *name, char *text, size_t size)
{
	const unsigned char *bytes = ASN1_STRING_get0_data(name);
	size_t used = strlen(text), length = (size_t)ASN1_STRING_length(name);

	if (used > 0 && used + 2 < size)
		used = (size_t)(stpcpy(text + used, ", ") - text);
	for (size_t i = 0; i < length && used + 1 < size; i++)
		text[used++] = bytes[i] != '\0' ? (char)bytes[i] : '?';
	text[used] = '\0';
}

static void read_names(const X509 *certificate, char *text, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	text[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			append_name(name->d.dNSName, text, size);
	}
	GENERAL_NAMES_free(names);
	if (text[0] == '\0')
		snprintf(text, size, "for no DNS name");
	printable_make(text);
}

static bool is_for(X509 *certificate, const char *before, const char *domain)
{
	char name[CLUSTER_DOMAIN_SIZE + 16];

	snprintf(name, sizeof(name), "%s%s", before, domain);
	return X509_check_host(certificate, name, strlen(name), 0, NULL) == 1;
}

void port_check_read_certificate(
	X509 *certificate, long verdict, const char *domain, struct port_check_certificate *out)
{
	struct tm end = {0};

	*out = (struct port_check_certificate){0};
	if (certificate == NULL)
		return;
	out->seen = X509_digest(certificate, EVP_sha256(), out->fingerprint, NULL) == 1;
	read_names(certificate, out->names, sizeof(out->names));
	out->has_domain = is_for(certificate, "", domain);
	out->has_wildcard = is_for(certificate, "any.", domain);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1)
		out->end_s = timegm(&end);
	// The end has a row of its own.
	if (verdict != X509_V_OK && verdict != X509_V_ERR_CERT_HAS_EXPIRED)
		tls_verdict_words(verdict, out->distrust);
}

static int handshake_failed(struct wire *wire, int rc)
{
	int code = SSL_get_error(wire->ssl, rc);
	char why[TLS_WORDS_SIZE];

	if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
		return wire_fail(wire, "TLS handshake: no answer in time");
	if (code == SSL_ERROR_SSL)
		return wire_fail(
			wire, "TLS handshake: %s", tls_error_words(ERR_peek_last_error(), why));
	return wire_fail(wire, "TLS handshake: the server ended the connection");
}

int port_check_tls(
	struct wire *wire, const struct port_check_request *request, struct port_check *out)
{
	const unsigned char *alpn;
	unsigned int size;
	int rc;

	ERR_clear_error();
	wire->ssl = SSL_new(request->tls);
	if (wire->ssl == NULL || SSL_set_fd(wire->ssl, wire->fd) != 1 ||
		SSL_set_tlsext_host_name(wire->ssl, request->domain) != 1 ||
		!offer_alpn(wire->ssl, request->alpn))
		return wire_fail(wire, "TLS: out of memory");
	rc = SSL_connect(wire->ssl);
	if (rc != 1)
		return handshake_failed(wire, rc);
	port_check_read_certificate(SSL_get0_peer_certificate(wire->ssl),
		SSL_get_verify_result(wire->ssl), request->domain, &out->certificate);
	SSL_get0_alpn_selected(wire->ssl, &alpn, &size);
	snprintf(out->alpn, sizeof(out->alpn), "%.*s", (int)size, (const char *)alpn);
	return out->certificate.seen ? 0 : wire_fail(wire, "TLS: the server has no certificate");
}
