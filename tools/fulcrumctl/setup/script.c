// SPDX-License-Identifier: BSD-3-Clause
#include "script_private.h"

#include <string.h>

#define LINE_SIZE 100

static const char *const tunnels[] = {SETUP_IPIP, SETUP_SIT, SETUP_IP6TNL};
#define TUNNELS (sizeof(tunnels) / sizeof(tunnels[0]))

// The text behind "# ", in lines.
static void put_comment(FILE *out, const char *indent, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column == 0 || column + 1 + word > LINE_SIZE)
			column = (size_t)fprintf(out, "%s%s#", column > 0 ? "\n" : "", indent);
		column += (size_t)fprintf(out, " %.*s", (int)word, text);
		text += word + (text[word] == ' ');
	}
	fputc('\n', out);
}

static bool uses(const struct setup_script *script, const char *word)
{
	for (uint32_t i = 0; i < script->steps->count; i++) {
		const struct setup_step *step = &script->steps->steps[i];

		if (strstr(step->test, word) != NULL ||
			(step->script != NULL && strstr(step->script, word) != NULL))
			return true;
	}
	return false;
}

// The reason for a step; nothing where it was given before.
static void put_why(const struct setup_step *step, FILE *out, const char *indent)
{
	if (step->why != NULL && !step->is_why_said)
		put_comment(out, indent, step->why);
}

static void put_title(const struct setup_script *script, FILE *out, const char *what)
{
	const struct setup_host *host = script->host;
	char text[ADDR_TEXT_SIZE];

	fprintf(out, "#!/bin/sh\n# %s backend %s", what, host->name);
	if (host->ipv4.family != ADDR_NONE)
		fprintf(out, ", %s", addr_format(&host->ipv4, text, sizeof(text)));
	if (host->ipv6.family != ADDR_NONE)
		fprintf(out, ", %s", addr_format(&host->ipv6, text, sizeof(text)));
	fprintf(out,
		".\n# Made by fulcrumctl backend-setup from %s; to be run by root on that host.\n",
		script->file);
}

static void put_find(FILE *out, const struct addr *address)
{
	char text[ADDR_TEXT_SIZE];

	fprintf(out,
		"\n# The interface of the address by which the balancers know this host.\n"
		"dev%u=$(ip -o addr show to %s | awk '{ print $2; exit }')\n",
		address->family, addr_format(address, text, sizeof(text)));
}

static void put_interface(
	const struct setup_script *script, FILE *out, const struct addr *address, bool uses_mtu)
{
	unsigned family = address->family;
	char text[ADDR_TEXT_SIZE];

	if (family == ADDR_NONE)
		return;
	put_find(out, address);
	fprintf(out,
		"[ -n \"$dev%u\" ] || {\n"
		"\techo \"no interface has %s: is this backend %s?\" >&2\n"
		"\texit 1\n"
		"}\n",
		family, addr_format(address, text, sizeof(text)), script->host->name);
	if (uses_mtu && script->options->mtu > 0)
		fprintf(out, "mtu%u=%u # what the way from the balancers carries, by --mtu\n",
			family, script->options->mtu);
	else if (uses_mtu)
		fprintf(out, "read -r mtu%u <\"/sys/class/net/$dev%u/mtu\"\n", family, family);
}

void setup_put_interfaces(const struct setup_script *script, FILE *out)
{
	put_interface(script, out, &script->host->ipv4, script->steps->uses_mtu4);
	put_interface(script, out, &script->host->ipv6, script->steps->uses_mtu6);
}

const char setup_has_tunnel[] = "\nhas_tunnel() { # device address\n"
				"\tcase $(ip -d link show dev \"$1\" 2>/dev/null) in\n"
				"\t*\" local $2 \"*) ;;\n"
				"\t*) return 1 ;;\n"
				"\tesac\n"
				"}\n";

const char setup_not_strict[] =
	"\nnot_strict() { # device: the greater one of its rp_filter and that of all counts\n"
	"\tall=$(cat /proc/sys/net/ipv4/conf/all/rp_filter)\n"
	"\town=$(cat \"/proc/sys/net/ipv4/conf/$1/rp_filter\" || echo 1)\n"
	"\t[ $((all > own ? all : own)) -ne 1 ]\n"
	"}\n";

const char setup_needs[] =
	"\ncommand -v ip >/dev/null || {\n"
	"\techo \"this host lacks ip: apt-get install iproute2\" >&2\n"
	"\texit 1\n"
	"}\n"
	"\nnft_works() {\n"
	"\tnft list tables >/dev/null 2>&1\n"
	"}\n"
	"\nhas_module() { # module device: it is loaded, in the kernel, or there to be loaded\n"
	"\t[ -d \"/sys/module/$1\" ] || [ -e \"/sys/class/net/$2\" ] || modprobe -n -q \"$1\" 2>/dev/null\n"
	"}\n";

static const char need[] = "\nlacks=0\n"
			   "need() { # what mend test...\n"
			   "\twhat=$1 mend=$2\n"
			   "\tshift 2\n"
			   "\t\"$@\" || {\n"
			   "\t\techo \"this host lacks $what: $mend\" >&2\n"
			   "\t\tlacks=1\n"
			   "\t}\n"
			   "}\n";

// Before anything is changed: a script that ends half way leaves a host that is neither.
static void put_needs(const struct setup_script *script, FILE *out)
{
	fprintf(out, "%s%s", setup_needs, need);
	for (uint32_t i = 0; i < script->steps->count; i++) {
		const struct setup_step *step = &script->steps->steps[i];

		if (step->kind == SETUP_NEED)
			fprintf(out, "need \"%s\" \"%s\" %s\n", step->what, step->command,
				step->test);
	}
	fputs("[ $lacks -eq 0 ] || {\n"
	      "\techo \"nothing was changed\" >&2\n"
	      "\texit 1\n"
	      "}\n",
		out);
}

static const char kept[] =
	"kept=/run/fulcrum-backend-setup # what was before, and what this script added\n";

static const char raise[] = "\nraise() { # key value: for a sysctl that is less\n"
			    "\twas=$(cat \"/proc/sys/$1\")\n"
			    "\t[ \"$was\" -lt \"$2\" ] || return 0\n"
			    "\tmkdir -p \"$kept/${1%/*}\"\n"
			    "\t[ -e \"$kept/$1\" ] || echo \"$was $2\" >\"$kept/$1\"\n"
			    "\techo \"$2\" >\"/proc/sys/$1\"\n"
			    "}\n";

static const char put_vip[] = "\nput_vip() { # address/bits: on lo; one that is there is not ours\n"
			      "\t[ -z \"$(ip -o addr show dev lo to \"$1\")\" ] || return 0\n"
			      "\tmkdir -p \"$kept/lo/${1%/*}\"\n"
			      "\tip addr add \"$1\" dev lo\n"
			      "}\n";

static const char drop_others[] =
	"\ndrop_others() { # device 'addresses': what an earlier pool file put there besides\n"
	"\tfor address in $(ip -o addr show dev \"$1\" scope global | awk '{ print $4 }'); do\n"
	"\t\tcase \" $2 \" in\n"
	"\t\t*\" $address \"*) ;;\n"
	"\t\t*) ip addr del \"$address\" dev \"$1\" ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"}\n";

static void put_functions(const struct setup_script *script, FILE *out)
{
	if (uses(script, "raise ") || uses(script, "put_vip "))
		fprintf(out, "\n%s", kept);
	if (uses(script, "raise "))
		fputs(raise, out);
	if (uses(script, "put_vip "))
		fputs(put_vip, out);
	if (uses(script, "has_tunnel "))
		fprintf(out, "%s%s", setup_has_tunnel, drop_others);
	if (uses(script, "not_strict "))
		fputs(setup_not_strict, out);
}

// The whole table at once, in one transaction: there is no moment without it.
static void put_table(const struct setup_script *script, FILE *out)
{
	bool is_open = false;

	fprintf(out,
		"\n# Ports and MSS. nft puts the new table in the old one's place in one step, and sees to "
		"the checksums.\nnft -f - <<END\n"
		"table inet %s\ndelete table inet %s\ntable inet %s {\n",
		SETUP_TABLE, SETUP_TABLE, SETUP_TABLE);
	for (uint32_t i = 0; i < script->steps->count; i++) {
		const struct setup_step *step = &script->steps->steps[i];

		if (step->kind == SETUP_CHAIN) {
			fputs(is_open ? "\t}\n\n" : "", out);
			put_why(step, out, "\t");
			fprintf(out, "\tchain %s {\n\t\t%s\n", step->script, step->command);
			is_open = true;
		} else if (step->kind == SETUP_RULE) {
			put_why(step, out, "\t\t");
			fprintf(out, "\t\t%s\n", step->command);
		}
	}
	fputs("\t}\n}\nEND\n", out);
}

static void put_commands(const struct setup_script *script, FILE *out)
{
	bool has_table = false;

	for (uint32_t i = 0; i < script->steps->count; i++) {
		const struct setup_step *step = &script->steps->steps[i];

		if (step->kind == SETUP_CHAIN && !has_table) {
			put_table(script, out);
			has_table = true;
		}
		if (step->kind != SETUP_COMMAND)
			continue;
		if (step->why != NULL)
			fputc('\n', out);
		put_why(step, out, "");
		fprintf(out, "%s\n", step->script != NULL ? step->script : step->command);
	}
}

// Addresses of a tunnel that no service has, and tunnels that none needs.
static void put_leftovers(const struct setup_script *script, FILE *out)
{
	fputs("\n# What an earlier pool file needed, and this one does not.\n", out);
	for (size_t tunnel = 0; tunnel < TUNNELS; tunnel++) {
		char end[32];

		if (!uses(script, tunnels[tunnel])) {
			fprintf(out, "ip link del %s 2>/dev/null || true\n", tunnels[tunnel]);
			continue;
		}
		snprintf(end, sizeof(end), " dev %s", tunnels[tunnel]);
		fprintf(out, "drop_others %s '", tunnels[tunnel]);
		for (uint32_t i = 0; i < script->steps->count; i++) {
			const char *command = script->steps->steps[i].command;
			const char *address = command + strlen("ip addr replace ");

			if (strncmp(command, "ip addr replace ", strlen("ip addr replace ")) == 0 &&
				strstr(command, end) != NULL)
				fprintf(out, "%.*s ", (int)strcspn(address, " "), address);
		}
		fputs("'\n", out);
	}
}

void setup_print_script(const struct setup_script *script, FILE *out)
{
	put_title(script, out, "Makes this host fit to serve behind Fulcrum as");
	fputs("# Run it again after a change and at each boot: it does what is missing.\nset -eu\n",
		out);
	put_needs(script, out);
	setup_put_interfaces(script, out);
	put_functions(script, out);
	put_commands(script, out);
	put_leftovers(script, out);
}

static const char restore[] =
	"\nrestore() { # key: to what it was, unless somebody changed it since\n"
	"\t[ -e \"$kept/$1\" ] || return 0\n"
	"\tread -r was ours <\"$kept/$1\"\n"
	"\tnow=$(cat \"/proc/sys/$1\")\n"
	"\tif [ \"$now\" = \"${ours:-$now}\" ]; then\n"
	"\t\techo \"$was\" >\"/proc/sys/$1\"\n"
	"\telif [ \"$now\" != \"$was\" ]; then\n"
	"\t\techo \"$1 stays $now: somebody changed it since it was set to $ours (before: $was)\"\n"
	"\tfi\n"
	"\trm \"$kept/$1\"\n"
	"}\n";

static const char take_vip[] =
	"\ntake_vip() { # address/bits: from lo, if the script put it there\n"
	"\t[ -d \"$kept/lo/${1%/*}\" ] || return 0\n"
	"\tip addr del \"$1\" dev lo 2>/dev/null || true\n"
	"\trmdir \"$kept/lo/${1%/*}\"\n"
	"}\n";

static bool undoes(const struct setup_script *script, const char *word)
{
	for (uint32_t i = 0; i < script->steps->count; i++) {
		const char *undo = script->steps->steps[i].undo;

		if (undo != NULL && strstr(undo, word) != NULL)
			return true;
	}
	return false;
}

void setup_print_undo(const struct setup_script *script, FILE *out)
{
	put_title(script, out, "Takes back what made this host serve behind Fulcrum as");
	fputs("set -eu\n", out);
	if (undoes(script, "$dev4"))
		put_find(out, &script->host->ipv4);
	if (undoes(script, "restore ") || undoes(script, "take_vip "))
		fprintf(out, "\n%s", kept);
	if (undoes(script, "restore "))
		fputs(restore, out);
	if (undoes(script, "take_vip "))
		fputs(take_vip, out);
	fputc('\n', out);
	for (uint32_t i = script->steps->count; i-- > 0;)
		if (script->steps->steps[i].undo != NULL)
			fprintf(out, "%s\n", script->steps->steps[i].undo);
	fprintf(out, "nft delete table inet %s 2>/dev/null || true\n", SETUP_TABLE);
	if (undoes(script, "restore ") || undoes(script, "take_vip "))
		fputs("rm -rf \"$kept\"\n", out);
}
