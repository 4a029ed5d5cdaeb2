// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_limits.h>
#include <health/tls_private.h>

#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct context {
	struct context *next;
	SSL_CTX *ctx;
	char ca[sizeof(((struct config_health *)0)->ca)];
	char certificate[sizeof(((struct config_health *)0)->certificate)];
	char key[sizeof(((struct config_health *)0)->key)];
};

struct tls_contexts {
	struct context *first;
};

static void ignore_sigpipe(void)
{
	struct sigaction now;

	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

struct tls_contexts *tls_contexts_new(void)
{
	ignore_sigpipe();
	return calloc(1, sizeof(struct tls_contexts));
}

// Sessions that run hold their SSL_CTX themselves.
void tls_contexts_forget(struct tls_contexts *contexts)
{
	for (struct context *context = contexts->first, *next; context != NULL; context = next) {
		next = context->next;
		SSL_CTX_free(context->ctx);
		free(context);
	}
	contexts->first = NULL;
}

void tls_contexts_free(struct tls_contexts *contexts)
{
	if (contexts == NULL)
		return;
	tls_contexts_forget(contexts);
	free(contexts);
}

// Names the file that cannot be used.
static bool load(SSL_CTX *ctx, const struct config_health *policy, struct tls_file *file)
{
	const char *key = policy->key[0] != '\0' ? policy->key : policy->certificate;

	*file = (struct tls_file){"ca", policy->ca};
	if (policy->ca[0] != '\0' && SSL_CTX_load_verify_file(ctx, policy->ca) != 1)
		return false;
	if (policy->certificate[0] == '\0')
		return true;
	*file = (struct tls_file){"certificate", policy->certificate};
	if (SSL_CTX_use_certificate_chain_file(ctx, policy->certificate) != 1)
		return false;
	*file = (struct tls_file){"key", key};
	return SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	       SSL_CTX_check_private_key(ctx) == 1;
}

// Nobody is asked for the words that a key may be locked by.
static int no_password(char *out, int size, int writes, void *context)
{
	return 0;
}

static SSL_CTX *make_ctx(const struct config_health *policy, struct tls_file *file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	// HTTP marks its own end; servers that leave out the close_notify are many.
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	if (tls_limits_set(ctx, policy->ca[0] != '\0') != 0 || !load(ctx, policy, file)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static bool is_for(const struct context *context, const struct config_health *policy)
{
	return strcmp(context->ca, policy->ca) == 0 &&
	       strcmp(context->certificate, policy->certificate) == 0 &&
	       strcmp(context->key, policy->key) == 0;
}

SSL_CTX *tls_contexts_get(
	struct tls_contexts *contexts, const struct config_health *policy, struct tls_file *file)
{
	struct context *context = contexts->first;

	*file = (struct tls_file){0};
	while (context != NULL && !is_for(context, policy))
		context = context->next;
	if (context != NULL)
		return context->ctx;
	context = malloc(sizeof(*context));
	if (context == NULL)
		return NULL;
	memcpy(context->ca, policy->ca, sizeof(context->ca));
	memcpy(context->certificate, policy->certificate, sizeof(context->certificate));
	memcpy(context->key, policy->key, sizeof(context->key));
	ERR_clear_error();
	context->ctx = make_ctx(policy, file);
	if (context->ctx == NULL) {
		free(context);
		return NULL;
	}
	context->next = contexts->first;
	contexts->first = context;
	return context->ctx;
}
