// SPDX-License-Identifier: BSD-3-Clause
#include <health/tls_private.h>

#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct context {
	struct context *next;
	SSL_CTX *ctx;
	char ca[];
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

static SSL_CTX *make_ctx(const char *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	// HTTP marks its own end; servers that leave out the close_notify are many.
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (ca[0] != '\0' && SSL_CTX_load_verify_file(ctx, ca) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

SSL_CTX *tls_contexts_get(struct tls_contexts *contexts, const char *ca)
{
	struct context *context = contexts->first;

	while (context != NULL && strcmp(context->ca, ca) != 0)
		context = context->next;
	if (context != NULL)
		return context->ctx;
	context = malloc(sizeof(*context) + strlen(ca) + 1);
	if (context == NULL)
		return NULL;
	strcpy(context->ca, ca);
	ERR_clear_error();
	context->ctx = make_ctx(ca);
	if (context->ctx == NULL) {
		free(context);
		return NULL;
	}
	context->next = contexts->first;
	contexts->first = context;
	return context->ctx;
}
