// SPDX-License-Identifier: BSD-3-Clause
// The script that looks, and changes nothing.
#include "script_private.h"

static const char audit_functions[] =
	"\ntable=$(nft list table inet " SETUP_TABLE " 2>/dev/null) || table=''\n"
	"count=0 missing=0\n"
	"has() {\n"
	"\tcase $table in\n"
	"\t*\"$1\"*) ;;\n"
	"\t*) return 1 ;;\n"
	"\tesac\n"
	"}\n"
	"has_address() {\n"
	"\t[ -n \"$(ip -o addr show dev \"$1\" to \"$2\")\" ]\n"
	"}\n"
	"is_up() {\n"
	"\t[ -n \"$(ip -o link show dev \"$1\" up)\" ]\n"
	"}\n"
	"at_least() {\n"
	"\t[ \"$(cat \"/proc/sys/$1\")\" -ge \"$2\" ]\n"
	"}\n"
	"finishes_checksums() {\n"
	"\tcase $(ethtool -k \"$1\") in\n"
	"\t*\"tx-checksumming: on\"*) ;;\n"
	"\t*) return 1 ;;\n"
	"\tesac\n"
	"}\n"
	"listens() {\n"
	"\t[ -n \"$(ss -Hln\"$1\" \"sport = :$2\")\" ]\n"
	"}\n"
	"look() { # what mend test...\n"
	"\twhat=$1 mend=$2 count=$((count + 1))\n"
	"\tshift 2\n"
	"\tif \"$@\" 2>/dev/null; then\n"
	"\t\techo \"ok       $what\"\n"
	"\telse\n"
	"\t\tmissing=$((missing + 1))\n"
	"\t\tprintf 'missing  %s\\n         %s\\n' \"$what\" \"$mend\"\n"
	"\tfi\n"
	"}\n\n";

// Inside double quotes, where variables count still.
static void put_quoted(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '`')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_look(const struct setup_step *step, const char *chain, FILE *out)
{
	fputs("look \"", out);
	put_quoted(out, step->what);
	fputs("\" \"", out);
	if (step->kind == SETUP_CHAIN)
		fprintf(out, "nft 'add table inet %s; add chain inet %s %s { %s }'", SETUP_TABLE,
			SETUP_TABLE, chain, step->command);
	else if (step->kind == SETUP_RULE)
		fprintf(out, "nft 'add rule inet %s %s ", SETUP_TABLE, chain);
	if (step->kind != SETUP_CHAIN)
		put_quoted(out, step->command);
	fprintf(out, "%s\" %s\n", step->kind == SETUP_RULE ? "'" : "", step->test);
}

void setup_print_audit(const struct setup_script *script, FILE *out)
{
	const char *chain = "";

	fprintf(out, "set -eu\n%s", setup_needs);
	setup_put_interfaces(script, out);
	fprintf(out, "%s%s%s", setup_has_tunnel, setup_not_strict, audit_functions);
	for (uint32_t i = 0; i < script->steps->count; i++) {
		const struct setup_step *step = &script->steps->steps[i];

		if (step->kind == SETUP_CHAIN)
			chain = step->script;
		put_look(step, chain, out);
	}
	fputs("[ $missing -eq 0 ] || {\n"
	      "\techo \"$missing of $count are missing\"\n"
	      "\texit 1\n"
	      "}\n"
	      "echo \"all $count are there\"\n",
		out);
}
