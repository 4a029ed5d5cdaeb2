// SPDX-License-Identifier: BSD-3-Clause
#include "view.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

// The same as the JSON, as YAML, by libyaml's emitter. Texts stand in quotes, so that no reader
// takes one for a number, a time or a yes.

static bool put_value(yaml_emitter_t *emitter, const json_t *json);

static bool put_scalar(yaml_emitter_t *emitter, const char *text, yaml_scalar_style_t style)
{
	yaml_event_t event;

	return yaml_scalar_event_initialize(
		       &event, NULL, NULL, (yaml_char_t *)text, (int)strlen(text), 1, 1, style) &&
	       yaml_emitter_emit(emitter, &event);
}

static bool put_object(yaml_emitter_t *emitter, const json_t *json)
{
	yaml_event_t event;
	const char *key;
	json_t *value;
	bool good = yaml_mapping_start_event_initialize(
			    &event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) &&
		    yaml_emitter_emit(emitter, &event);

	json_object_foreach((json_t *)json, key, value) good =
		good && put_scalar(emitter, key, YAML_PLAIN_SCALAR_STYLE) &&
		put_value(emitter, value);
	return good && yaml_mapping_end_event_initialize(&event) &&
	       yaml_emitter_emit(emitter, &event);
}

static bool put_array(yaml_emitter_t *emitter, const json_t *json)
{
	yaml_event_t event;
	bool good = yaml_sequence_start_event_initialize(
			    &event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) &&
		    yaml_emitter_emit(emitter, &event);

	for (size_t i = 0; i < json_array_size(json); i++)
		good = good && put_value(emitter, json_array_get(json, i));
	return good && yaml_sequence_end_event_initialize(&event) &&
	       yaml_emitter_emit(emitter, &event);
}

static bool put_value(yaml_emitter_t *emitter, const json_t *json)
{
	char number[32];

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return put_object(emitter, json);
	case JSON_ARRAY:
		return put_array(emitter, json);
	case JSON_STRING:
		return put_scalar(
			emitter, json_string_value(json), YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		return put_scalar(emitter, number, YAML_PLAIN_SCALAR_STYLE);
	case JSON_REAL:
		snprintf(number, sizeof(number), "%.17g", json_real_value(json));
		return put_scalar(emitter, number, YAML_PLAIN_SCALAR_STYLE);
	case JSON_TRUE:
		return put_scalar(emitter, "true", YAML_PLAIN_SCALAR_STYLE);
	case JSON_FALSE:
		return put_scalar(emitter, "false", YAML_PLAIN_SCALAR_STYLE);
	default:
		return put_scalar(emitter, "null", YAML_PLAIN_SCALAR_STYLE);
	}
}

static bool put_document(yaml_emitter_t *emitter, const json_t *json)
{
	yaml_event_t event;

	return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
	       yaml_emitter_emit(emitter, &event) &&
	       yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
	       yaml_emitter_emit(emitter, &event) && put_value(emitter, json) &&
	       yaml_document_end_event_initialize(&event, 1) &&
	       yaml_emitter_emit(emitter, &event) && yaml_stream_end_event_initialize(&event) &&
	       yaml_emitter_emit(emitter, &event);
}

bool view_write_yaml(const json_t *json, FILE *out)
{
	yaml_emitter_t emitter;
	bool good;

	if (!yaml_emitter_initialize(&emitter))
		return false;
	yaml_emitter_set_output_file(&emitter, out);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	good = put_document(&emitter, json);
	yaml_emitter_delete(&emitter);
	return good;
}
