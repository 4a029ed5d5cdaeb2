// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_files.h>
#include <health/tls_limits.h>

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

// The file at hand, for the words about it.
struct tls_file {
	const char *key; // "ca", "certificate", "key"; NULL: none
	const char *name;
};

void tls_files_set(struct tls_files *files, const struct config_health *policy)
{
	*files = (struct tls_files){0};
	memcpy(files->ca, policy->ca, sizeof(files->ca));
	memcpy(files->certificate, policy->certificate, sizeof(files->certificate));
	memcpy(files->key, policy->key, sizeof(files->key));
}

bool tls_files_are_for(const struct tls_files *files, const struct config_health *policy)
{
	return strcmp(files->ca, policy->ca) == 0 &&
	       strcmp(files->certificate, policy->certificate) == 0 &&
	       strcmp(files->key, policy->key) == 0;
}

bool tls_files_are_none(const struct tls_files *files)
{
	return files->ca[0] == '\0' && files->certificate[0] == '\0';
}

static bool tls_files_load(SSL_CTX *ctx, const struct tls_files *files, struct tls_file *file)
{
	const char *key = files->key[0] != '\0' ? files->key : files->certificate;

	*file = (struct tls_file){"ca", files->ca};
	if (files->ca[0] != '\0' && SSL_CTX_load_verify_file(ctx, files->ca) != 1)
		return false;
	if (files->certificate[0] == '\0')
		return true;
	*file = (struct tls_file){"certificate", files->certificate};
	if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate) != 1)
		return false;
	*file = (struct tls_file){"key", key};
	return SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	       SSL_CTX_check_private_key(ctx) == 1;
}

// Nobody is asked for the words that a key may be locked by.
static int tls_files_no_password(char *out, int size, int writes, void *context)
{
	return 0;
}

static SSL_CTX *tls_files_make(const struct tls_files *files, struct tls_file *file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	// HTTP marks its own end; servers that leave out the close_notify are many.
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_default_passwd_cb(ctx, tls_files_no_password);
	if (tls_limits_set(ctx, files->ca[0] != '\0') != 0 || !tls_files_load(ctx, files, file)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

// OpenSSL keeps its errors by thread.
static void tls_files_tell(struct tls_files *files, const struct tls_file *file)
{
	unsigned long error = ERR_peek_error();
	bool is_key = file->key != NULL && strcmp(file->key, "key") == 0;
	const char *words = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
			    : error == 0            ? "no memory"
			    : is_key ? "it holds no key in PEM that fits the certificate"
				     : "it holds no certificates in PEM";

	if (file->name != NULL && file->name[0] != '\0')
		snprintf(files->fault, sizeof(files->fault), "the balancer cannot use %s '%s': %s",
			file->key, file->name, words);
	else
		snprintf(files->fault, sizeof(files->fault), "the balancer cannot begin it: %s",
			words);
}

void tls_files_read(struct tls_files *files)
{
	struct tls_file file = {0};

	ERR_clear_error();
	files->fault[0] = '\0';
	files->ctx = tls_files_make(files, &file);
	if (files->ctx == NULL)
		tls_files_tell(files, &file);
	ERR_clear_error();
}
