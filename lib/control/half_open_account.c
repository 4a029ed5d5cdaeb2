// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/half_open_private.h>

// What came of each backend's probes through the path, for the metrics.

void half_open_note_mss(struct half_open_probe *probe, uint16_t mss, uint16_t most)
{
	if (probe->mss != 0 && (int)mss - most <= (int)probe->mss - probe->mss_most)
		return;
	probe->mss = mss;
	probe->mss_most = most;
}

void half_open_record(const struct half_open_probe *probe, enum probe_outcome outcome)
{
	struct half_open_account *account =
		&probe->half_opens->accounts[probe->backend & BACKEND_INDEX_MASK];
	struct half_open_view *view = &account->view;

	if (outcome != PROBE_SUCCEEDED && outcome != PROBE_FAILED)
		return;
	if (account->backend != probe->backend)
		*account = (struct half_open_account){.backend = probe->backend};
	view->is_up = outcome == PROBE_SUCCEEDED;
	if (!view->is_up) {
		view->failures++;
		return;
	}
	view->successes++;
	view->successes_us += (clock_monotonic_ns() - probe->started_ns) / 1000;
	view->mss = probe->mss;
	view->mss_most = probe->mss_most;
}

bool half_opens_view(
	const struct half_opens *half_opens, uint32_t backend, struct half_open_view *out)
{
	const struct half_open_account *account =
		&half_opens->accounts[backend & BACKEND_INDEX_MASK];

	*out = account->view;
	return account->backend == backend && (out->successes > 0 || out->failures > 0);
}
