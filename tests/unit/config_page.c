// SPDX-License-Identifier: BSD-3-Clause
// The reference page of every configuration file, from the tables that the loaders read.
#include <config/schema.h>
#include <config/value.h>

#include "cluster.h"
#include "page.h"

#include <string.h>

// Every table of keys with its heading, in the order of the page.
static void write_table(FILE *out, const struct schema *schema, const char *path, int depth);

static const char *takes(const struct schema_key *key, char *text, size_t size)
{
	const char *list = key->list_max == 0 || key->lone ? ""
			   : key->type == SCHEMA_NUMBER    ? "a list of numbers, "
							   : "a list of ";
	char expects[VALUE_TEXT_SIZE];

	switch (key->type) {
	case SCHEMA_NAME:
		snprintf(text, size, "a name");
		break;
	case SCHEMA_TEXT:
		snprintf(text, size, "%stext", list);
		break;
	case SCHEMA_STRING:
		snprintf(text, size, "text of up to %u bytes", (unsigned int)key->max);
		break;
	case SCHEMA_RANGE:
		snprintf(text, size, "%s%s", value_expects(key, expects, sizeof(expects)),
			key->lone ? "; or a list of such" : "");
		break;
	case SCHEMA_ADDRESS:
		snprintf(text, size, key->list_max > 0 ? "a list of addresses" : "an address");
		break;
	case SCHEMA_PREFIX:
		snprintf(text, size, "a prefix%s", key->lone ? "; or a list of such" : "");
		break;
	case SCHEMA_MAPPING:
		snprintf(text, size, "keys, see below");
		break;
	case SCHEMA_RECORDS:
		snprintf(text, size, "a list, see below");
		break;
	case SCHEMA_WORD: {
		// "`tcp` or `udp`"
		size_t used = (size_t)snprintf(text, size, "%s", list), first = used;

		for (const struct schema_word *word = key->words; word->text != NULL; word++)
			used += (size_t)snprintf(text + used, size - used, "%s`%s`",
				used == first          ? ""
				: word[1].text == NULL ? " or "
						       : ", ",
				word->text);
		if (key->lone)
			snprintf(text + used, size - used, "; or a list of such");
		break;
	}
	default:
		snprintf(text, size, "%s%s%s", list, value_expects(key, expects, sizeof(expects)),
			key->lone && key->list_max > 1 ? "; or a list of such" : "");
	}
	return text;
}

static const char *without_it(const struct schema_key *key, char *text, size_t size)
{
	if (key->required)
		return "**required**";
	if (key->type == SCHEMA_MAPPING)
		return "their defaults";
	if (key->fallback == NULL)
		return key->absent;
	snprintf(text, size, "`%s`", key->fallback);
	return text;
}

static void write_key(FILE *out, const struct schema_key *key)
{
	char value[2 * VALUE_TEXT_SIZE], missing[VALUE_TEXT_SIZE];

	fprintf(out, "| `%s` | %s | %s | %s |\n", key->name, takes(key, value, sizeof(value)),
		without_it(key, missing, sizeof(missing)), key->doc);
}

static void write_children(FILE *out, const struct schema *schema, const char *path, int depth)
{
	char inner[128];

	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (key->child == NULL)
			continue;
		snprintf(inner, sizeof(inner), "%s%s%s%s", path, path[0] == '\0' ? "" : ".",
			key->name, key->type == SCHEMA_RECORDS ? "[]" : "");
		write_table(out, key->child, inner, depth + 1);
	}
}

static void write_table(FILE *out, const struct schema *schema, const char *path, int depth)
{
	if (depth > 0)
		fprintf(out, "\n### `%s`\n", path);
	fprintf(out, "\n%s\n\n| key | takes | left out | what it is |\n|---|---|---|---|\n",
		schema->doc);
	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (!key->inherited)
			write_key(out, key);
	}
	write_children(out, schema, path, depth);
}

static const char *const introduction =
	"# Every key of the configuration\n\n"
	"This page is made from the tables in `lib/config/schema.c` and `tools/fulcrumctl/teleport/schema.c`, which the loaders\n"
	"read too.\n\n"
	"All files are YAML 1.1 in UTF-8: one document a file, spaces for indentation, anchors and aliases where they\n"
	"help; no tags and no merge keys (`<<`). A key that is not here, a key that is given twice, and a key without a\n"
	"value are errors. Each error is told with its place and with what would be right, and nothing of a file that has one\n"
	"is used:\n\n"
	"    pools.yaml:14:9: pool 'web': backend 'a1' is named twice (first at line 11)\n\n"
	"[Several pool files](fulcrumctl.md#pool-files) may be one configuration; then a place that is referred to has its file, too:\n\n"
	"    pools.yaml:14:9: pool 'web' is named twice (first at other.yaml:11)\n\n"
	"- A **name** has 1 to 63 characters (an interface or a port 15) of `A-Z a-z 0-9 . _ -` and begins with a letter or a\n"
	"  digit.\n"
	"- An **address** is IPv4 or IPv6, without a prefix length or zone, and one that a host can have: not\n"
	"  unspecified, multicast, broadcast, loopback, link-local or IPv4-mapped.\n"
	"- A **text** is UTF-8 without control characters, and without separators of lines and paragraphs (U+2028, U+2029), also\n"
	"  where an escape says them. The same holds for what another client of the channel sends. Where a length in bytes\n"
	"  is said, escapes in double quotes may say them: `\"PING\\r\\n\"`.\n"
	"- A **time** is a whole number with its unit: `250ms`, `3s`, `10m`, `4h`, `2d`.\n"
	"- A **size** is a whole number with its unit: `64KiB`, `512MiB`, `2GiB`.\n"
	"- Quotes are never needed but for an IPv6 address in braces (`{vip: \"2001:db8::1\"}`) and for a name such as `null`.\n";

static const char *const limits =
	"\n### What a pool file must keep\n\n"
	"- Names of services are unique, so are names of pools, and names of backends in their pool. A backend is called\n"
	"  `pool/name`, or `name` where only one pool has it.\n"
	"- Two services of one VIP and protocol share no port; `ports: any` is all of them. A service names a port once.\n"
	"- A service has at most 32 ports and ranges of ports, and counts as one, whatever it has.\n"
	"- Two backends of one pool have different addresses. A VIP is no backend's address.\n"
	"- `forwarding: dsr` needs backends of the VIP's family. `target_port` needs a single port.\n"
	"- A pool that is probed needs one port to probe: `health.port`, or that of a service with a single port.\n"
	"- At most 65,535 services, 65,535 pools, 2,000,000 backends, 90 MiB of text, 1,000 anchors, and 16,000,000 values that\n"
	"  stand for aliases; several files together, too.\n";

static int write_page(FILE *out)
{
	fputs(introduction, out);
	fputs("\n## The pool file\n\n"
	      "`config/pools-example.yaml` has every key.\n",
		out);
	write_table(out, &schema_pool_file, "", 0);
	fputs(limits, out);
	fputs("\n## The daemon's file\n\n"
	      "`config/fulcrumd.yaml` is a commented one that works as it stands.\n",
		out);
	write_table(out, &schema_daemon_file, "", 0);
	fputs("\n## The Teleport cluster's file\n\n"
	      "`config/teleport/cluster.yaml` has every key; [the guide](../guides/teleport.md) goes from it to a running cluster.\n",
		out);
	write_table(out, &schema_cluster, "", 0);
	return 0;
}

int main(int argc, char **argv)
{
	return page_main(argc, argv, "lib/config/schema.c", write_page);
}
