// SPDX-License-Identifier: BSD-3-Clause
// The JSON schemas of docs/reference/schemas, made from the columns that fulcrumctl prints:
//   schema_page NAME [--write] FILE
#include "../../tools/fulcrumctl/view.h"
#include "page.h"

#include <string.h>

#define DRAFT "http://json-schema.org/draft-07/schema#"

static const char *wanted;

static json_t *of_type(const char *type)
{
	return json_pack("{s:s}", "type", type);
}

static json_t *or_null(const char *type)
{
	return json_pack("{s:[s, s]}", "type", type, "null");
}

static json_t *cell_schema(const struct column *column)
{
	switch (column->kind) {
	case COLUMN_TEXT:
	case COLUMN_ADDR:
	case COLUMN_NAME:
		return of_type("string");
	case COLUMN_BOOL:
		return of_type("boolean");
	case COLUMN_TIME: {
		json_t *time = or_null("string");

		json_object_set_new(time, "pattern",
			json_string("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"));
		return time;
	}
	case COLUMN_MOMENT: {
		json_t *time = of_type("string");

		json_object_set_new(time, "pattern",
			json_string(
				"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"));
		return time;
	}
	case COLUMN_NAME_OR_NONE:
		return or_null("string");
	case COLUMN_NUMBER_OR_NONE:
	case COLUMN_LEFT:
		return or_null("integer");
	default:
		return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
	}
}

// An object of these members, all of them and no other. Takes 'members' over.
static json_t *object_schema(json_t *members)
{
	json_t *names = json_array();
	const char *name;
	json_t *member;

	json_object_foreach(members, name, member) json_array_append_new(names, json_string(name));
	return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", members,
		"required", names, "additionalProperties", 0);
}

static json_t *row_schema(const struct view *view)
{
	json_t *members = json_object();

	for (const struct column *c = view->columns; c->title != NULL || c->key != NULL; c++)
		if (c->key != NULL)
			json_object_set_new(members, c->key, cell_schema(c));
	return object_schema(members);
}

static json_t *array_schema(json_t *items)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", items);
}

static json_t *rows_schema(const struct view *view)
{
	return array_schema(row_schema(view));
}

static json_t *count_schema(void)
{
	return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
}

static json_t *summary_schema(void)
{
	return object_schema(json_pack("{s:o, s:o, s:o, s:o}", "daemon", row_schema(&view_daemon),
		"services", rows_schema(view_find("services")), "pools",
		rows_schema(view_find("pools")), "backends", rows_schema(view_find("backends"))));
}

static json_t *version_schema(void)
{
	return object_schema(json_pack("{s:o, s:o}", "fulcrumctl",
		object_schema(json_pack("{s:o}", "version", of_type("string"))), "daemon",
		row_schema(&view_daemon)));
}

static json_t *config_schema(void)
{
	return object_schema(json_pack("{s:o}", "config", of_type("string")));
}

static json_t *flows_schema(void)
{
	return object_schema(json_pack(
		"{s:o, s:o}", "matched", count_schema(), "flows", rows_schema(&view_flows)));
}

static json_t *explain_schema(void)
{
	return object_schema(json_pack("{s:o, s:o}", "packet", row_schema(&view_explain), "workers",
		rows_schema(&view_explain_flow)));
}

static json_t *digest_schema(void)
{
	json_t *hex = json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9a-f]{64}$");

	return object_schema(
		json_pack("{s:O, s:O, s:o}", "config", hex, "tables", hex, "remembered", hex));
}

static json_t *plan_schema(void)
{
	return object_schema(json_pack("{s:o, s:o, s:o, s:o}", "version", count_schema(), "changes",
		array_schema(of_type("string")), "losses", array_schema(of_type("string")), "pools",
		rows_schema(&view_plan)));
}

static json_t *events_schema(void)
{
	return rows_schema(&view_events);
}

static json_t *doctor_schema(void)
{
	return object_schema(json_pack(
		"{s:o, s:o}", "ok", of_type("boolean"), "checks", rows_schema(&view_doctor)));
}

static const struct {
	const char *name;
	json_t *(*make)(void);
} others[] = {{"summary", summary_schema}, {"version", version_schema}, {"config", config_schema},
	{"flows", flows_schema}, {"explain", explain_schema}, {"plan", plan_schema},
	{"digest", digest_schema}, {"events", events_schema}, {"doctor", doctor_schema}};

static json_t *make_schema(void)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].name, wanted) == 0)
			return others[i].make();
	return view_find(wanted) != NULL ? rows_schema(view_find(wanted)) : NULL;
}

static int write_page(FILE *out)
{
	json_t *schema = make_schema(), *page;
	int status;

	if (schema == NULL) {
		fprintf(stderr, "fulcrumctl shows no '%s'\n", wanted);
		return 1;
	}
	page = json_pack("{s:s, s:s}", "$schema", DRAFT, "title", wanted);
	json_object_update(page, schema);
	status = json_dumpf(page, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(schema);
	json_decref(page);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: %s NAME [--write] FILE\n", argv[0]);
		return 2;
	}
	wanted = argv[1];
	argv[1] = argv[0];
	return page_main(argc - 1, argv + 1, "fulcrumctl", write_page);
}
