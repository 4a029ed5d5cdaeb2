// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_limits.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>

#define CHAIN_MAX 10
#define CHAIN_SIZE_MAX \
	(16 * 1024) // OpenSSL takes a tenth of a millisecond to read each of its certificates
#define RSA_BITS_MAX 8192
#define EC_BITS_MAX  521
#define EXPONENT_MAX 64 // bits of RSA's public exponent

// X25519 first: one key share goes with the first message, and it is that of nearly everybody.
static const char *const group_lists[] = {
	"X25519:P-256:P-384:P-521:X25519MLKEM768", "X25519:P-256:P-384:P-521"};

static int tls_exponent_bits(const EVP_PKEY *key)
{
	BIGNUM *exponent = NULL;
	int bits;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
		return 0;
	bits = BN_num_bits(exponent);
	BN_free(exponent);
	return bits;
}

// False: 'refusal' says why not.
static bool tls_key_is_taken(const EVP_PKEY *key, char *refusal)
{
	int bits = key == NULL ? 0 : EVP_PKEY_get_bits(key), exponent;

	switch (key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		exponent = tls_exponent_bits(key);
		if (bits <= RSA_BITS_MAX && exponent <= EXPONENT_MAX)
			return true;
		if (bits > RSA_BITS_MAX)
			snprintf(refusal, TLS_REFUSAL_SIZE,
				"its chain has an RSA key of %d bits, %d are the most", bits,
				RSA_BITS_MAX);
		else
			snprintf(refusal, TLS_REFUSAL_SIZE,
				"its chain has an RSA key with an exponent of %d bits, %d are the most",
				exponent, EXPONENT_MAX);
		return false;
	case EVP_PKEY_EC:
		if (bits <= EC_BITS_MAX)
			return true;
		snprintf(refusal, TLS_REFUSAL_SIZE,
			"its chain has an elliptic curve of %d bits, %d are the most", bits,
			EC_BITS_MAX);
		return false;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return true;
	default:
		snprintf(refusal, TLS_REFUSAL_SIZE,
			"its chain has a key that is neither RSA nor of an elliptic curve");
		return false;
	}
}

static bool tls_chain_is_taken(X509_STORE_CTX *chain, char *refusal)
{
	const STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(chain);

	if (sk_X509_num(sent) > CHAIN_MAX) {
		snprintf(refusal, TLS_REFUSAL_SIZE,
			"it sends a chain of %d certificates, %d are the most", sk_X509_num(sent),
			CHAIN_MAX);
		return false;
	}
	for (int i = 0; i < sk_X509_num(sent); i++) {
		if (!tls_key_is_taken(X509_get0_pubkey(sk_X509_value(sent, i)), refusal))
			return false;
	}
	return true;
}

// Called when the certificates have come, before the signature of the handshake is looked at.
// Whether they are trusted is judged when the handshake is over, by SSL_get_verify_result().
static int tls_verify(X509_STORE_CTX *chain, void *context)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());

	if (!tls_chain_is_taken(chain, SSL_get_app_data(ssl))) {
		X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	if (context != NULL)
		X509_verify_cert(chain);
	return 1;
}

int tls_limits_set(SSL_CTX *ctx, bool is_verified)
{
	static char yes;
	bool has_groups = false;

	for (size_t i = 0; i < sizeof(group_lists) / sizeof(group_lists[0]) && !has_groups; i++)
		has_groups = SSL_CTX_set1_groups_list(ctx, group_lists[i]) == 1;
	ERR_clear_error(); // of a list that this OpenSSL does not know
	if (!has_groups || SSL_CTX_set_cipher_list(ctx, "DEFAULT:!kDHE") != 1)
		return -1;
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_SIZE_MAX);
	SSL_CTX_set_verify_depth(ctx, CHAIN_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, tls_verify, is_verified ? &yes : NULL);
	return 0;
}

void tls_limits_attend(SSL *ssl, char refusal[TLS_REFUSAL_SIZE])
{
	refusal[0] = '\0';
	SSL_set_app_data(ssl, refusal);
}
