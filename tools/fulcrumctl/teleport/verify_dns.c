// SPDX-License-Identifier: BSD-3-Clause
#include "verify.h"

#include <base/addr.h>
#include <base/parse.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#define ANSWERS_MAX 32

// One question, and what came of it.
struct question {
	struct event_base *base;
	int error; // DNS_ERR_*
	struct addr answers[ANSWERS_MAX];
	uint32_t count;
	int ttl_s;
};

static void take_answer(int error, char type, int count, int ttl, void *addresses, void *context)
{
	struct question *question = context;

	question->error = error;
	question->ttl_s = ttl;
	for (int i = 0; error == DNS_ERR_NONE && i < count && i < ANSWERS_MAX; i++) {
		if (type == DNS_IPv6_AAAA)
			question->answers[i] = addr_from_ipv6((const uint8_t *)addresses + 16 * i);
		else
			question->answers[i] = addr_from_ipv4_be(((const uint32_t *)addresses)[i]);
		question->count++;
	}
	event_base_loopbreak(question->base);
}

static bool has(const struct addr *list, uint32_t count, const struct addr *wanted)
{
	for (uint32_t i = 0; i < count; i++)
		if (addr_equal(&list[i], wanted))
			return true;
	return false;
}

static void tell_answers(struct verify *verify, const struct question *question, const char *target,
	enum addr_family family)
{
	const struct cluster_pool *pool = &verify->cluster->pools[CLUSTER_PROXY];
	char text[VERIFY_DETAIL_SIZE - 60] = "", one[ADDR_TEXT_SIZE], ttl[32];
	const struct addr *missing = NULL, *strange = NULL;

	for (uint32_t i = 0; i < pool->vip_count; i++)
		if (pool->vips[i].family == family &&
			!has(question->answers, question->count, &pool->vips[i]))
			missing = &pool->vips[i];
	for (uint32_t i = 0; i < question->count; i++) {
		size_t used = strlen(text);

		if (!has(pool->vips, pool->vip_count, &question->answers[i]))
			strange = &question->answers[i];
		snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? ", " : "",
			addr_format(&question->answers[i], one, sizeof(one)));
	}
	if (strange != NULL)
		verify_add(verify, VERIFY_WRONG, "dns", target, "%s is no VIP of cluster.yaml",
			addr_format(strange, one, sizeof(one)));
	if (missing != NULL)
		verify_add(verify, VERIFY_WRONG, "dns", target, "%s is missing among: %s",
			addr_format(missing, one, sizeof(one)),
			question->count > 0 ? text : "no address");
	if (strange == NULL && missing == NULL && question->count > 0)
		verify_add(verify, VERIFY_OK, "dns", target, "%s, for %s", text,
			format_duration_ms((uint64_t)question->ttl_s * 1000, ttl, sizeof(ttl)));
}

static const char *error_words(int error)
{
	switch (error) {
	case DNS_ERR_FORMAT:
		return "the DNS server does not take the question";
	case DNS_ERR_SERVERFAILED:
		return "the DNS server failed (SERVFAIL)";
	case DNS_ERR_NOTIMPL:
		return "the DNS server does not answer such questions";
	case DNS_ERR_REFUSED:
		return "the DNS server refuses to answer";
	case DNS_ERR_TRUNCATED:
		return "the answer is too long for a datagram";
	case DNS_ERR_TIMEOUT:
		return "no answer of a DNS server in time";
	default:
		return "what the DNS server answers cannot be read";
	}
}

// What libevent says of name servers stands in our rows.
static void drop_message(int is_warning, const char *message)
{
}

static void ask(struct verify *verify, struct event_base *base, struct evdns_base *dns,
	const char *name, enum addr_family family)
{
	struct question question = {.base = base, .error = DNS_ERR_UNKNOWN};
	struct evdns_request *request;
	char target[sizeof(((struct verify_row *)0)->target)];

	request = family == ADDR_IPV6 ? evdns_base_resolve_ipv6(dns, name, DNS_QUERY_NO_SEARCH,
						take_answer, &question)
				      : evdns_base_resolve_ipv4(dns, name, DNS_QUERY_NO_SEARCH,
						take_answer, &question);
	snprintf(target, sizeof(target), "%.56s %s", name, family == ADDR_IPV6 ? "AAAA" : "A");
	if (request != NULL)
		event_base_dispatch(base);
	if (question.error == DNS_ERR_NONE || question.error == DNS_ERR_NODATA ||
		question.error == DNS_ERR_NOTEXIST)
		tell_answers(verify, &question, target, family);
	else
		verify_add(verify, VERIFY_WRONG, "dns", target, "%s", error_words(question.error));
}

static bool set_resolver(const struct verify *verify, struct evdns_base *dns)
{
	uint32_t time_ms = verify_time_ms(verify);
	char timeout[32];

	snprintf(timeout, sizeof(timeout), "%u.%03u", time_ms / 1000, time_ms % 1000);
	evdns_base_set_option(dns, "timeout:", timeout);
	evdns_base_set_option(dns, "attempts:", "2");
	evdns_base_set_option(dns, "randomize-case:", "0");
	if (verify->resolver != NULL)
		return evdns_base_nameserver_ip_add(dns, verify->resolver) == 0;
	return evdns_base_resolv_conf_parse(dns, DNS_OPTION_NAMESERVERS, "/etc/resolv.conf") == 0;
}

void verify_dns(struct verify *verify)
{
	struct event_base *base = event_base_new();
	struct evdns_base *dns = base == NULL ? NULL : evdns_base_new(base, 0);
	const char *domain = verify->cluster->domain;
	char below[CLUSTER_DOMAIN_SIZE + 16];

	evdns_set_log_fn(drop_message);
	snprintf(below, sizeof(below), "any-app.%s", domain);
	if (dns == NULL) {
		verify->failed = true;
	} else if (!set_resolver(verify, dns)) {
		verify_add(verify, VERIFY_WRONG, "dns", domain, "there is no resolver: %s",
			verify->resolver != NULL ? verify->resolver : "/etc/resolv.conf");
	} else {
		ask(verify, base, dns, domain, ADDR_IPV4);
		ask(verify, base, dns, domain, ADDR_IPV6);
		ask(verify, base, dns, below, ADDR_IPV4);
		ask(verify, base, dns, below, ADDR_IPV6);
	}
	if (dns != NULL)
		evdns_base_free(dns, 0);
	if (base != NULL)
		event_base_free(base);
}
