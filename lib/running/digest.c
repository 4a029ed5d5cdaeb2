// SPDX-License-Identifier: BSD-3-Clause
#include <base/map.h>
#include <running/digest.h>

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int finish(EVP_MD_CTX *hash, bool good, char out[DIGEST_TEXT_SIZE])
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	good = good && EVP_DigestFinal_ex(hash, bytes, &size) == 1;
	EVP_MD_CTX_free(hash);
	for (unsigned int i = 0; good && i < size; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return good ? 0 : -ENOMEM;
}

static EVP_MD_CTX *begin(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	if (hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(hash);
		hash = NULL;
	}
	return hash;
}

// --- Records by their names ---

static int by_service(const void *a, const void *b, void *config)
{
	const struct config_service *services = ((const struct config *)config)->services;

	return strcmp(services[*(const uint32_t *)a].name, services[*(const uint32_t *)b].name);
}

static int by_pool(const void *a, const void *b, void *config)
{
	const struct config_pool *pools = ((const struct config *)config)->pools;

	return strcmp(pools[*(const uint32_t *)a].name, pools[*(const uint32_t *)b].name);
}

static int by_backend(const void *a, const void *b, void *config)
{
	const struct config_backend *left =
		&((const struct config *)config)->backends[*(const uint32_t *)a];
	const struct config_backend *right =
		&((const struct config *)config)->backends[*(const uint32_t *)b];
	int order = strcmp(left->pool, right->pool);

	return order != 0 ? order : strcmp(left->name, right->name);
}

typedef int compare_fn(const void *a, const void *b, void *config);

// The numbers of 'count' records in their order; NULL without memory.
static uint32_t *sort(const struct config *config, uint32_t count, compare_fn *compare)
{
	uint32_t *order = calloc((size_t)count + 1, sizeof(*order));

	for (uint32_t i = 0; order != NULL && i < count; i++)
		order[i] = i;
	if (order != NULL)
		qsort_r(order, count, sizeof(*order), compare, (void *)config);
	return order;
}

struct orders {
	uint32_t *services, *pools, *backends;
};

static bool sort_all(const struct config *config, struct orders *out)
{
	out->services = sort(config, config->service_count, by_service);
	out->pools = sort(config, config->pool_count, by_pool);
	out->backends = sort(config, config->backend_count, by_backend);
	return out->services != NULL && out->pools != NULL && out->backends != NULL;
}

static void orders_free(struct orders *orders)
{
	free(orders->services);
	free(orders->pools);
	free(orders->backends);
}

// --- The configuration ---

static struct config *sorted_copy(const struct config *config, const struct orders *orders)
{
	struct config *copy = config_new();
	struct error err;
	int rc = copy == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; rc == 0 && i < config->service_count; i++)
		rc = config_add_service(copy, &config->services[orders->services[i]]);
	for (uint32_t i = 0; rc == 0 && i < config->pool_count; i++)
		rc = config_add_pool(copy, &config->pools[orders->pools[i]]);
	for (uint32_t i = 0; rc == 0 && i < config->backend_count; i++)
		rc = config_add_backend(copy, &config->backends[orders->backends[i]]);
	if (rc == 0) {
		memcpy(copy->hash_key, config->hash_key, sizeof(copy->hash_key));
		copy->hash_key_set = config->hash_key_set;
		for (uint32_t i = 0; i < copy->pool_count; i++)
			copy->pools[i].first_backend = copy->pools[i].backend_count = 0;
		for (uint32_t i = 0; i < copy->service_count; i++)
			copy->services[i].pool_index = 0;
		for (uint32_t i = 0; i < copy->backend_count; i++)
			copy->backends[i].pool_index = 0;
		rc = config_finish(copy, &err);
	}
	if (rc != 0) {
		config_free(copy);
		copy = NULL;
	}
	return copy;
}

int digest_config(const struct config *config, char out[DIGEST_TEXT_SIZE])
{
	struct orders orders;
	struct config *copy = sort_all(config, &orders) ? sorted_copy(config, &orders) : NULL;
	EVP_MD_CTX *hash = begin();
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	bool good = copy != NULL && hash != NULL && file != NULL && config_write(copy, file) == 0;

	if (file != NULL && fclose(file) != 0)
		good = false;
	good = good && EVP_DigestUpdate(hash, text, size) == 1;
	if (text != NULL)
		explicit_bzero(text, size); // it holds the hash key
	free(text);
	config_free(copy);
	orders_free(&orders);
	return finish(hash, good, out);
}

// --- The tables ---

static bool put_text(EVP_MD_CTX *hash, const char *text)
{
	return EVP_DigestUpdate(hash, text, strlen(text) + 1) == 1;
}

static bool put_number(EVP_MD_CTX *hash, uint32_t number)
{
	return EVP_DigestUpdate(hash, &number, sizeof(number)) == 1; // little-endian everywhere
}

// A backend that is leaving takes no new flows, and whether it is still there depends on the flows
// of this balancer alone: it is no part of what balancers have in common.
static bool is_leaving(const struct configuration *configuration, uint32_t at)
{
	return configuration->config->backends[at].state == CONFIG_STATE_LEAVING;
}

// Where each backend stands in the order, by its index.
static uint32_t *rank_backends(
	const struct configuration *configuration, const struct orders *orders)
{
	uint32_t *ranks = calloc(configuration->capacity, sizeof(*ranks));
	uint32_t rank = 0;

	for (uint32_t i = 0; ranks != NULL && i < configuration->config->backend_count; i++)
		if (!is_leaving(configuration, orders->backends[i]))
			ranks[configuration_index(configuration, orders->backends[i])] = rank++;
	return ranks;
}

static bool put_table(
	EVP_MD_CTX *hash, const struct snapshot_generation *generation, const uint32_t *ranks)
{
	bool good = put_number(hash, generation != NULL ? generation->table->size : 0);

	for (uint32_t i = 0; good && generation != NULL && i < generation->table->size; i++) {
		uint16_t member = generation->table->slots[i];

		good = put_number(
			hash, ranks[generation->members[member].backend & BACKEND_INDEX_MASK]);
	}
	return good;
}

static bool put_tables(EVP_MD_CTX *hash, const struct configuration *configuration,
	const struct snapshot *snapshot, const struct orders *orders, const uint32_t *ranks)
{
	const struct config *config = configuration->config;
	bool good = EVP_DigestUpdate(hash, &snapshot->key, sizeof(snapshot->key)) == 1;

	for (uint32_t i = 0; good && i < config->backend_count; i++) {
		uint32_t at = orders->backends[i];

		if (is_leaving(configuration, at))
			continue;
		good = put_text(hash, config->backends[at].pool) &&
		       put_text(hash, config->backends[at].name) &&
		       put_number(hash,
			       snapshot->backends[configuration_index(configuration, at)].status);
	}
	for (uint32_t i = 0; good && i < config->service_count; i++) {
		uint32_t at = orders->services[i];
		uint32_t view = snapshot->services[configuration->services[at]].view;

		good = put_text(hash, config->services[at].name) &&
		       put_table(hash, snapshot->views[view].current, ranks);
	}
	return good;
}

int digest_tables(const struct configuration *configuration, const struct snapshot *snapshot,
	char out[DIGEST_TEXT_SIZE])
{
	struct orders orders;
	uint32_t *ranks = sort_all(configuration->config, &orders)
				  ? rank_backends(configuration, &orders)
				  : NULL;
	EVP_MD_CTX *hash = begin();
	bool good = ranks != NULL && hash != NULL &&
		    put_tables(hash, configuration, snapshot, &orders, ranks);

	free(ranks);
	orders_free(&orders);
	return finish(hash, good, out);
}

// --- What is remembered ---

// What each backend is called, in short, by its index. One that is leaving has its slots as long as
// it is there.
static uint32_t *name_backends(const struct configuration *configuration)
{
	const struct config *config = configuration->config;
	uint32_t *names = calloc(configuration->capacity, sizeof(*names));

	for (uint32_t i = 0; names != NULL && i < config->backend_count; i++) {
		const char *name = config->backends[i].name;

		names[configuration_index(configuration, i)] = map_hash(name, strlen(name));
	}
	return names;
}

static bool put_remembered(EVP_MD_CTX *hash, const struct configuration *configuration,
	const struct snapshot *snapshot, const struct orders *orders, const uint32_t *names)
{
	const struct config *config = configuration->config;
	bool good = EVP_DigestUpdate(hash, &snapshot->key, sizeof(snapshot->key)) == 1;

	for (uint32_t i = 0; good && i < config->service_count; i++) {
		uint32_t at = orders->services[i];
		const struct snapshot_view *view =
			&snapshot->views[snapshot->services[configuration->services[at]].view];

		good = put_text(hash, config->services[at].name) &&
		       put_table(hash, view->remembered != NULL ? view->remembered : view->current,
			       names);
	}
	return good;
}

int digest_remembered(const struct configuration *configuration, const struct snapshot *snapshot,
	char out[DIGEST_TEXT_SIZE])
{
	struct orders orders;
	uint32_t *names =
		sort_all(configuration->config, &orders) ? name_backends(configuration) : NULL;
	EVP_MD_CTX *hash = begin();
	bool good = names != NULL && hash != NULL &&
		    put_remembered(hash, configuration, snapshot, &orders, names);

	free(names);
	orders_free(&orders);
	return finish(hash, good, out);
}
