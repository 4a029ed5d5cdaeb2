// SPDX-License-Identifier: BSD-3-Clause
// Any certificate as a server's: what 'fulcrumctl teleport verify' shows of its names is printable,
// and hides none of them.
//
// The input: a byte that says what follows. 0 is a certificate (DER), 1 the content of its
// extension of names (DER), 2 names, each behind its type and its length in a byte.
#include "fuzz.h"
#include "port_check.h"

#include <base/printable.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DOMAIN "teleport.example.com"

static X509 *with_extension(const uint8_t *data, size_t size)
{
	X509 *certificate = X509_new();
	ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
	X509_EXTENSION *names;

	FUZZ_ASSERT(certificate != NULL && content != NULL);
	FUZZ_ASSERT(ASN1_OCTET_STRING_set(content, data, (int)size) == 1);
	names = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, content);
	FUZZ_ASSERT(names != NULL && X509_add_ext(certificate, names, -1) == 1);
	X509_EXTENSION_free(names);
	ASN1_OCTET_STRING_free(content);
	return certificate;
}

static X509 *with_names(const uint8_t *data, size_t size)
{
	static const int types[] = {GEN_DNS, GEN_DNS, GEN_EMAIL, GEN_URI};
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	X509 *certificate;
	uint8_t *content = NULL;
	int length;

	while (size >= 2) {
		size_t some = data[1] < size - 2 ? data[1] : size - 2;
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		FUZZ_ASSERT(name != NULL && text != NULL &&
			    ASN1_STRING_set(text, data + 2, (int)some) == 1);
		GENERAL_NAME_set0_value(name, types[data[0] % 4], text);
		sk_GENERAL_NAME_push(names, name);
		data += 2 + some;
		size -= 2 + some;
	}
	length = i2d_GENERAL_NAMES(names, &content);
	FUZZ_ASSERT(length >= 0);
	certificate = with_extension(content, (size_t)length);
	OPENSSL_free(content);
	GENERAL_NAMES_free(names);
	return certificate;
}

static void check_text(const char *text, size_t size)
{
	char again[PORT_CHECK_NAMES_SIZE];

	FUZZ_ASSERT(strnlen(text, size) < size && size <= sizeof(again));
	FUZZ_ASSERT(strcmp(printable_make(strcpy(again, text)), text) == 0);
}

// A name that is printable stands there whole, while there is room.
static void check_first_name(X509 *certificate, const char *shown)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *name =
		sk_GENERAL_NAME_num(names) > 0 ? sk_GENERAL_NAME_value(names, 0) : NULL;

	if (name != NULL && name->type == GEN_DNS && ASN1_STRING_length(name->d.dNSName) > 0) {
		size_t length = (size_t)ASN1_STRING_length(name->d.dNSName);
		const char *bytes = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
		size_t plain = 0;

		while (plain < length && bytes[plain] >= 0x20 && bytes[plain] < 0x7f)
			plain++;
		plain = plain < PORT_CHECK_NAMES_SIZE ? plain : PORT_CHECK_NAMES_SIZE - 1;
		FUZZ_ASSERT(strncmp(shown, bytes, plain) == 0);
		FUZZ_ASSERT(strlen(shown) > plain || plain == length ||
			    plain == PORT_CHECK_NAMES_SIZE - 1);
	}
	GENERAL_NAMES_free(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct port_check_certificate seen;
	const uint8_t *der = data + 1;
	X509 *certificate;

	if (size == 0)
		return 0;
	if (data[0] == 0)
		certificate = d2i_X509(NULL, &der, (long)size - 1);
	else
		certificate =
			data[0] == 1 ? with_extension(der, size - 1) : with_names(der, size - 1);
	port_check_read_certificate(certificate, size, DOMAIN, &seen);
	FUZZ_ASSERT(certificate != NULL || !seen.seen);
	check_text(seen.names, sizeof(seen.names));
	check_text(seen.distrust, sizeof(seen.distrust));
	if (certificate != NULL)
		check_first_name(certificate, seen.names);
	X509_free(certificate);
	ERR_clear_error();
	return 0;
}
