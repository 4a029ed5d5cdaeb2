// SPDX-License-Identifier: BSD-3-Clause
#include <control/floor.h>

void floor_add(struct floor_count *count, const struct floor_mark *mark, bool is_serving,
	uint64_t now_ns, uint64_t window_ns)
{
	bool is_recent = mark->failed_ns != 0 && now_ns - mark->failed_ns < window_ns;

	count->serving += is_serving;
	count->kept += mark->is_kept;
	count->of_loss += mark->is_of_loss;
	count->lost += !is_serving && (is_recent || mark->is_of_loss);
	if (mark->failed_ns > count->changed_ns)
		count->changed_ns = mark->failed_ns;
}

bool floor_may_lose(const struct floor_count *count, uint8_t max_down_percent)
{
	uint64_t base = count->serving + count->lost;
	uint64_t limit = base * max_down_percent / 100;

	return count->lost + 1 <= (limit > 0 ? limit : 1);
}
