// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_words.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

struct row {
	long code;
	const char *words;
};

// RFC 8446 6.2 and RFC 5246 7.2: what the other end says before it ends the connection.
static const struct row alerts[] = {
	{SSL_AD_UNEXPECTED_MESSAGE, "a message comes out of turn"},
	{SSL_AD_BAD_RECORD_MAC, "a record does not decrypt"},
	{SSL_AD_HANDSHAKE_FAILURE, "no cipher, version or key that both ends take"},
	{SSL_AD_BAD_CERTIFICATE, "the client's certificate is bad"},
	{SSL_AD_UNSUPPORTED_CERTIFICATE,
		"the client's certificate is of a kind that it does not take"},
	{SSL_AD_CERTIFICATE_REVOKED, "the client's certificate is revoked"},
	{SSL_AD_CERTIFICATE_EXPIRED, "the client's certificate has ended"},
	{SSL_AD_CERTIFICATE_UNKNOWN, "the client's certificate cannot be used"},
	{SSL_AD_ILLEGAL_PARAMETER, "a value is not allowed"},
	{SSL_AD_UNKNOWN_CA, "it does not know who signed the client's certificate"},
	{SSL_AD_ACCESS_DENIED, "the client may not"},
	{SSL_AD_DECODE_ERROR, "a message cannot be read"},
	{SSL_AD_DECRYPT_ERROR, "a signature is wrong"},
	{SSL_AD_PROTOCOL_VERSION, "no version of TLS that both ends take"},
	{SSL_AD_INSUFFICIENT_SECURITY, "it wants stronger ciphers"},
	{SSL_AD_INTERNAL_ERROR, "it failed itself"},
	{SSL_AD_INAPPROPRIATE_FALLBACK, "an older version of TLS was tried again"},
	{SSL_AD_USER_CANCELLED, "it was cancelled there"},
	{SSL_AD_NO_RENEGOTIATION, "it does not negotiate anew"},
	{SSL_AD_MISSING_EXTENSION, "an extension is missing"},
	{SSL_AD_UNSUPPORTED_EXTENSION, "an extension was not asked for"},
	{SSL_AD_UNRECOGNIZED_NAME, "it does not serve that host name"},
	{SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE, "the status of a certificate is bad"},
	{SSL_AD_UNKNOWN_PSK_IDENTITY, "it does not know the shared key"},
	{SSL_AD_CERTIFICATE_REQUIRED, "it wants a certificate of the client"},
	{SSL_AD_NO_APPLICATION_PROTOCOL, "it speaks none of the protocols that ALPN offers"},
};

// What this end found.
static const struct row findings[] = {
	{SSL_R_WRONG_VERSION_NUMBER, "what it sends is no TLS"},
	{SSL_R_HTTP_REQUEST, "what it sends is no TLS"},
	{SSL_R_UNEXPECTED_MESSAGE, "what it sends is no TLS"},
	{SSL_R_BAD_RECORD_TYPE, "what it sends is no TLS"},
	{SSL_R_PACKET_LENGTH_TOO_LONG, "what it sends is no TLS"},
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, "it closed the connection in the middle"},
	{SSL_R_UNSUPPORTED_PROTOCOL, "it speaks a version of TLS that is too old"},
	{SSL_R_NO_PROTOCOLS_AVAILABLE, "no version of TLS is allowed on this machine"},
	{SSL_R_WRONG_CIPHER_RETURNED, "it takes a cipher that was not offered"},
	{SSL_R_UNKNOWN_CIPHER_RETURNED, "it takes a cipher that was not offered"},
	{SSL_R_EXCESSIVE_MESSAGE_SIZE,
		"a message of its handshake is too large: 16 KiB of certificates are the most"},
	{SSL_R_DH_KEY_TOO_SMALL, "its key for the exchange is too small"},
	{SSL_R_EE_KEY_TOO_SMALL, "its certificate's key is too small"},
	{SSL_R_CA_MD_TOO_WEAK, "its certificate is signed by too weak a digest"},
	{SSL_R_BAD_SIGNATURE, "its signature is wrong"},
	{SSL_R_CERTIFICATE_VERIFY_FAILED, "its certificate is not trusted"},
	{SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, "it does not know secure renegotiation"},
};

static const struct row verdicts[] = {
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
		"it is signed by itself, and is none of the authorities"},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		"the authority at the end of its chain is not among those that are trusted"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "the certificate of who signed it is missing"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		"who signed it is not among the authorities, and the server sends no certificate of theirs"},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
		"who signed it is not among the authorities, and the server sends no certificate of theirs"},
	{X509_V_ERR_CERT_UNTRUSTED, "no authority that is trusted vouches for it"},
	{X509_V_ERR_CERT_REJECTED, "its authority is not trusted for this"},
	{X509_V_ERR_CERT_SIGNATURE_FAILURE, "its signature is wrong"},
	{X509_V_ERR_CERT_NOT_YET_VALID, "it has not begun yet, or this machine's clock is wrong"},
	{X509_V_ERR_CERT_HAS_EXPIRED, "it has ended, or this machine's clock is wrong"},
	{X509_V_ERR_CERT_REVOKED, "it is revoked"},
	{X509_V_ERR_CERT_CHAIN_TOO_LONG, "its chain is too long"},
	{X509_V_ERR_PATH_LENGTH_EXCEEDED, "its chain is longer than an authority in it allows"},
	{X509_V_ERR_INVALID_CA, "a certificate of its chain is no authority's"},
	{X509_V_ERR_INVALID_PURPOSE, "it is not for servers"},
	{X509_V_ERR_HOSTNAME_MISMATCH, "it is for another host name"},
	{X509_V_ERR_IP_ADDRESS_MISMATCH, "it is for another address"},
	{X509_V_ERR_EE_KEY_TOO_SMALL, "its key is too small"},
	{X509_V_ERR_CA_KEY_TOO_SMALL, "the key of an authority of its chain is too small"},
	{X509_V_ERR_CA_MD_TOO_WEAK, "it is signed by too weak a digest"},
	{X509_V_ERR_PERMITTED_VIOLATION, "an authority of its chain may not sign for that name"},
	{X509_V_ERR_EXCLUDED_VIOLATION, "an authority of its chain may not sign for that name"},
	{X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		"it has a critical extension that is not known here"},
};

static const char *row_words(const struct row *rows, size_t count, long code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].code == code)
			return rows[i].words;
	return NULL;
}

#define WORDS_OF(rows, code) row_words(rows, sizeof(rows) / sizeof((rows)[0]), code)

// OpenSSL's reasons from SSL_AD_REASON_OFFSET on are the alerts that came, by their number.
const char *tls_error_words(unsigned long error, char text[TLS_WORDS_SIZE])
{
	int reason = ERR_GET_REASON(error);
	const char *words = WORDS_OF(findings, reason);

	if (error == 0)
		snprintf(text, TLS_WORDS_SIZE, "it closed the connection");
	else if (ERR_SYSTEM_ERROR(error))
		snprintf(text, TLS_WORDS_SIZE, "%s", strerror(reason));
	else if (ERR_GET_LIB(error) == ERR_LIB_SSL && words != NULL)
		snprintf(text, TLS_WORDS_SIZE, "%s", words);
	else if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
		int alert = reason - SSL_AD_REASON_OFFSET;

		words = WORDS_OF(alerts, alert);
		if (words != NULL)
			snprintf(text, TLS_WORDS_SIZE, "it refuses: %s", words);
		else
			snprintf(text, TLS_WORDS_SIZE, "it refuses, by TLS's alert %d", alert);
	} else {
		snprintf(text, TLS_WORDS_SIZE,
			"what it sends is not as TLS wants it (OpenSSL's number %d.%d)",
			ERR_GET_LIB(error), reason);
	}
	return text;
}

const char *tls_verdict_words(long verdict, char text[TLS_WORDS_SIZE])
{
	const char *words = WORDS_OF(verdicts, verdict);

	if (words != NULL)
		snprintf(text, TLS_WORDS_SIZE, "%s", words);
	else
		snprintf(text, TLS_WORDS_SIZE, "no authority vouches for it (OpenSSL's number %ld)",
			verdict);
	return text;
}
