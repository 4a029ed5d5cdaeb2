// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <http/web_private.h>

// A client may take its time with a page, as long as it takes something.
static bool web_is_yielding(const struct connection *connection, uint64_t now_ns)
{
	uint64_t yield_ns = connection->web->limits.yield_ms * CLOCK_NS_PER_MS;

	return !connection->has_place || now_ns - connection->moved_ns >= yield_ns;
}

static uint32_t web_count_from(const struct web *web, const struct addr *from)
{
	const struct connection *connection;
	uint32_t count = 0;

	TAILQ_FOREACH(connection, &web->all, all)
	count += addr_equal(&connection->from, from);
	return count;
}

bool web_admit_connection(struct web *web)
{
	struct connection *connection, *victim = NULL;
	uint64_t now_ns = clock_monotonic_ns();
	uint32_t most = 0;

	if (web->count < web->limits.connections)
		return true;
	TAILQ_FOREACH(connection, &web->all, all)
	{
		uint32_t count = web_count_from(web, &connection->from);

		if (!web_is_yielding(connection, now_ns) || count < most)
			continue;
		if (count > most || connection->moved_ns < victim->moved_ns)
			victim = connection;
		most = count;
	}
	if (victim == NULL)
		return false;
	web_drop(victim);
	return true;
}

bool web_admit_page(struct connection *asking)
{
	const struct web_limits *limits = &asking->web->limits;
	struct connection *connection, *of_all = NULL, *of_own = NULL, *victim;
	uint64_t now_ns = clock_monotonic_ns();
	uint32_t all = 0, own = 0;

	TAILQ_FOREACH(connection, &asking->web->all, all)
	{
		bool is_own = addr_equal(&connection->from, &asking->from);

		if (!connection->has_place)
			continue;
		all++;
		own += is_own;
		if (!web_is_yielding(connection, now_ns))
			continue;
		if (of_all == NULL || connection->moved_ns < of_all->moved_ns)
			of_all = connection;
		if (is_own && (of_own == NULL || connection->moved_ns < of_own->moved_ns))
			of_own = connection;
	}
	if (own >= limits->pages_per_address || all >= limits->pages) {
		victim = own >= limits->pages_per_address ? of_own : of_all;
		if (victim == NULL)
			return false;
		web_drop(victim);
	}
	asking->has_place = true;
	return true;
}
