// SPDX-License-Identifier: BSD-3-Clause
#include <forecast/flows.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#define FLOWS_BUCKETS 1024 // in one step

_Static_assert((int)MESSAGE_FLOW_NEW == (int)FLOW_NEW &&
		       (int)MESSAGE_FLOW_ESTABLISHED == (int)FLOW_ESTABLISHED &&
		       (int)MESSAGE_FLOW_CLOSING == (int)FLOW_CLOSING &&
		       (int)MESSAGE_FLOW_UDP == (int)FLOW_UDP &&
		       (int)MESSAGE_FLOW_FINISHED == (int)FLOW_FINISHED &&
		       (int)MESSAGE_FLOW_HALF_CLOSED == (int)FLOW_HALF_CLOSED,
	"a state goes over the channel as it is");

static int flows_find_service(struct flows_listing *listing, const char *name,
	const struct configuration *configuration, struct error *err)
{
	for (uint32_t i = 0; i < configuration->config->service_count; i++) {
		if (strcmp(configuration->config->services[i].name, name) == 0) {
			listing->is_by_service = true;
			listing->service = configuration->services[i];
			return 0;
		}
	}
	return error_set(err, ENOENT, "there is no service '%s'", name);
}

static int flows_find_backend(struct flows_listing *listing, const char *name,
	const struct configuration *configuration, struct error *err)
{
	uint32_t at;
	int rc = config_find_backend(configuration->config, name, &at, err);

	if (rc != 0)
		return rc;
	listing->is_by_backend = true;
	listing->backend = configuration->backends[at];
	return 0;
}

int flows_begin(struct flows_listing *listing, const struct message_flows *request,
	const struct configuration *configuration, struct error *err)
{
	char service[sizeof(request->service) + 1] = {0};
	char backend[sizeof(request->backend) + 1] = {0};
	int rc = 0;

	memcpy(service, request->service, sizeof(request->service));
	memcpy(backend, request->backend, sizeof(request->backend));
	*listing = (struct flows_listing){.clients = request->clients, .limit = request->limit};
	if (request->limit > MESSAGE_FLOWS_MAX)
		rc = error_set(err, EINVAL, "at most %u flows are listed", MESSAGE_FLOWS_MAX);
	else if (request->clients.address.family != ADDR_NONE &&
		 !prefix_is_sound(&request->clients))
		rc = error_set(err, EINVAL, "the clients' prefix has bits behind its end");
	if (rc == 0 && service[0] != '\0')
		rc = flows_find_service(listing, service, configuration, err);
	if (rc == 0 && backend[0] != '\0')
		rc = flows_find_backend(listing, backend, configuration, err);
	return rc;
}

static bool flows_matches(const struct flows_listing *listing, const struct flow_row *row)
{
	return (!listing->is_by_service || row->service == listing->service) &&
	       (!listing->is_by_backend || row->backend == listing->backend) &&
	       (listing->clients.address.family == ADDR_NONE ||
		       prefix_holds(&listing->clients, &row->client));
}

// What the rows of a backend's or a service's index are called now.
static void flows_name_row(
	const struct flows_source *source, const struct flow_row *row, struct message_row_flow *out)
{
	const struct config *config = source->configuration->config;
	uint32_t service = configuration_find_service(source->configuration, row->service);
	uint32_t backend = configuration_find_backend(source->configuration, row->backend);

	if (service != CONFIGURATION_NONE)
		memcpy(out->service, config->services[service].name, sizeof(out->service));
	if (backend != CONFIGURATION_NONE) {
		memcpy(out->pool, config->backends[backend].pool, sizeof(out->pool));
		memcpy(out->backend, config->backends[backend].name, sizeof(out->backend));
	}
}

static void flows_fill_row(const struct flows_listing *listing, const struct flows_source *source,
	const struct flow_row *row, struct message_row_flow *out)
{
	*out = (struct message_row_flow){
		.client = row->client,
		.client_port = be16toh(row->client_port),
		.state = (uint8_t)row->state,
		.worker = listing->worker,
		.age_s = row->age_s,
		.idle_s = row->idle_s,
	};
	flows_name_row(source, row, out);
}

// The next bucket's rows. False: there are no more buckets.
static bool flows_read_bucket(struct flows_listing *listing, const struct flows_source *source)
{
	const struct flow_table *table = source->tables[listing->worker];

	if (listing->bucket == flow_table_buckets(table)) {
		listing->worker++;
		listing->bucket = 0;
		if (listing->worker == source->table_count)
			return false;
		table = source->tables[listing->worker];
	}
	listing->row_count = flow_read_bucket(table, listing->bucket++, source->snapshot->ttls,
		source->snapshot->service_capacity, source->now_s, listing->rows);
	listing->row_next = 0;
	return true;
}

// The next row that matches, of those that were read. Those above the limit are counted alone.
static bool flows_take_row(struct flows_listing *listing, const struct flows_source *source,
	struct message_row_flow *out)
{
	while (listing->row_next < listing->row_count) {
		const struct flow_row *row = &listing->rows[listing->row_next++];

		if (flows_matches(listing, row) && ++listing->matched <= listing->limit) {
			flows_fill_row(listing, source, row, out);
			return true;
		}
	}
	return false;
}

enum flows_step flows_next(struct flows_listing *listing, const struct flows_source *source,
	struct message_row_flow *out)
{
	if (listing->worker == source->table_count)
		return FLOWS_END;
	for (int i = 0; i < FLOWS_BUCKETS; i++) {
		if (flows_take_row(listing, source, out))
			return FLOWS_ROW;
		if (!flows_read_bucket(listing, source))
			return FLOWS_END;
	}
	return FLOWS_MORE;
}
