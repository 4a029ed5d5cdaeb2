// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_SNAPSHOT_PRIVATE_H
#define SNAPSHOT_SNAPSHOT_PRIVATE_H

#include <base/map.h>
#include <snapshot/snapshot.h>

// The parts of a build, each in its file.
int vips_build(const struct snapshot_input *input, struct snapshot_vips *vips);
void vips_free(struct snapshot_vips *vips);
int exact_build(const struct snapshot_input *input, struct snapshot *snapshot);
void exact_free(struct snapshot_exact *exact);
int own_build(const struct snapshot_input *input, struct snapshot_own *own);
void own_free(struct snapshot_own *own);

// The Maglev tables built for one snapshot. Fleets have many pools of the same machines; those with
// the same names and weights share one table, which is built once and stays in the workers' caches
// once.
struct tables {
	struct map map;
};

int tables_init(struct tables *tables); // 0 or -ENOMEM
void tables_free(struct tables *tables); // a zeroed one is fine
// As maglev_build().
int tables_get(struct tables *tables, const struct maglev_member *members, uint32_t count,
	uint32_t size, struct maglev **out, struct error *err);

// A table of these members, whose references stand beside them. 0, or as maglev_build().
int generation_new(const struct maglev_member *members, const uint32_t *references, uint32_t count,
	uint32_t table_size, struct tables *tables, struct snapshot_generation **out,
	struct error *err);

// The pools, their views and which of them each service has.
int views_build(const struct snapshot_input *input, const struct snapshot *previous,
	struct snapshot *out, struct error *err);
void views_free(struct snapshot *snapshot);

// The tables of one view of 'pool', which is one of 'snapshot' that is being built. 'before' is
// what its services had, or NULL.
struct view_input {
	const struct snapshot_input *input;
	const struct snapshot_view *before;
	const struct snapshot *snapshot_before; // that it is of
	uint64_t begun; // flows, under the one before since that snapshot
	uint32_t *reviews; // how many views may yet be weighed anew for no other reason than time
	struct snapshot *snapshot;
	struct tables *tables;
	const struct config_service
		*service; // one of those that share it; NULL: nobody uses the pool
	uint32_t pool;
	uint32_t probe; // number of the one that its services go by
	struct snapshot_account *account; // of the view
};

// What a backend is to services that go by a probe.
static inline enum backend_status backend_input_status(
	const struct snapshot_backend_input *backend, uint32_t probe)
{
	return backend->status == BACKEND_PARTLY ? (enum backend_status)backend->partly[probe]
						 : backend->status;
}

static inline bool view_is_plain(const struct snapshot_view *view)
{
	return view->past == NULL || (view->past->count == 1 && view->remembered == NULL);
}

// Sets out->remembered by out->past and out->current. 0 or -ENOMEM.
int view_recollect(const struct snapshot *snapshot, struct snapshot_view *out);

int view_build(const struct view_input *in, struct snapshot_view *out, struct error *err);
void view_release(struct snapshot_view *view);

// A backend that takes new flows, and what for a share of them.
struct candidate {
	const struct config_backend *backend;
	struct snapshot_member member;
};

struct candidates {
	struct candidate *list; // in the configuration's order
	uint32_t count;
};

// account.c: what is told of a view with these candidates, and of pools and services when all views
// are built. 0 or -ENOMEM.
int account_build(const struct view_input *in, const struct candidates *candidates,
	const struct snapshot_view *view, struct snapshot_account *out);
int accounts_conclude(const struct snapshot_input *input, struct snapshot *out);

// What a service wants of its pool's zones, as a hash; 0: all alike.
uint64_t zones_policy(const struct config_service *service);
// Weighs the candidates as the service prefers their zones; who is not needed is taken out.
void zones_weigh(const struct view_input *in, struct candidates *candidates);

#endif
