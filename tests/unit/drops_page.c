// SPDX-License-Identifier: BSD-3-Clause
// The reference page of drop reasons, from the list itself.
//   drops_page FILE          compares FILE with what the page should be
//   drops_page --write FILE  writes it
#include <packet/drop.h>

#include "page.h"

static const char *const meaning[DROP_REASON_COUNT] = {
#define X(identifier, label, text, meaning) meaning,
	DROP_REASONS(X)
#undef X
};

static int write_page(FILE *out)
{
	fputs("# Why packets are dropped\n\n"
	      "Each packet that is not forwarded, handed to the kernel or answered is counted under exactly one of\n"
	      "these reasons. This page is made from the list in `lib/packet/drop.h`.\n\n"
	      "| reason | the packet | what it means to you |\n|---|---|---|\n",
		out);
	for (int i = 0; i < DROP_REASON_COUNT; i++) {
		enum drop_reason reason = (enum drop_reason)i;

		fprintf(out, "| `%s` | %s | %s |\n", drop_label(reason), drop_text(reason),
			meaning[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	return page_main(argc, argv, "lib/packet/drop.h", write_page);
}
