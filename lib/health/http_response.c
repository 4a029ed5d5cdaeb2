// SPDX-License-Identifier: BSD-3-Clause
#include <health/http_response.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
	STATUS_LINE,
	FIELD_LINE,
	BODY_BY_LENGTH,
	BODY_TO_THE_END,
	CHUNK_SIZE_LINE,
	CHUNK,
	CHUNK_END_LINE,
	ENDED,
};

// RFC 9112 7.1 sets no limit to a chunk's size; one that no body of ours can have is refused.
#define MOST_CHUNK_DIGITS 15

static enum http_reading bad(struct http_response *response, const char *why)
{
	response->why = why;
	return HTTP_BAD;
}

static enum http_reading complete(struct http_response *response)
{
	response->state = ENDED;
	return HTTP_COMPLETE;
}

void http_response_init(struct http_response *response, const char *text, bool is_head)
{
	size_t size = strnlen(text, HTTP_TEXT_SIZE - 1);

	memset(response, 0, sizeof(*response));
	response->text = text;
	response->text_size = (uint16_t)size;
	response->has_no_body = is_head;
	for (size_t i = 1, same = 0; i < size; i++) {
		while (same > 0 && text[i] != text[same])
			same = response->fallback[same - 1];
		if (text[i] == text[same])
			same++;
		response->fallback[i] = (uint16_t)same;
	}
}

static enum http_reading count_body_byte(struct http_response *response)
{
	if (++response->body_size < HTTP_BODY_LIMIT)
		return HTTP_MORE;
	response->body_cut = true;
	return complete(response);
}

// One byte of the body, of whatever framing.
static enum http_reading take_body_byte(struct http_response *response, char byte)
{
	while (response->matched > 0 && response->text[response->matched] != byte)
		response->matched = response->fallback[response->matched - 1];
	if (response->text[response->matched] == byte)
		response->matched++;
	if (response->matched == response->text_size) {
		response->text_found = true;
		return complete(response);
	}
	return count_body_byte(response);
}

// RFC 9112 4: HTTP-version SP status-code SP [reason-phrase]
static enum http_reading take_status_line(struct http_response *response)
{
	const char *line = response->line;

	if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] < '0' || line[7] > '9' || line[8] != ' ')
		return bad(response, "its answer is no HTTP/1 response");
	if (line[9] < '1' || line[9] > '9' || line[10] < '0' || line[10] > '9' || line[11] < '0' ||
		line[11] > '9' || (line[12] != ' ' && line[12] != '\0'))
		return bad(response, "its answer has no HTTP status");
	response->line_status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
	response->state = FIELD_LINE;
	return HTTP_MORE;
}

static enum http_reading begin_body(struct http_response *response)
{
	uint16_t status = response->line_status;

	response->status = status;
	// RFC 9110 6.4.1: these have no content.
	if (response->has_no_body || status == 204 || status == 304 || response->text_size == 0)
		return complete(response);
	if (response->chunked) // RFC 9112 6.3: it overrides a length
		response->state = CHUNK_SIZE_LINE;
	else if (response->has_length)
		response->state = BODY_BY_LENGTH;
	else
		response->state = BODY_TO_THE_END;
	if (response->state == BODY_BY_LENGTH && response->left == 0)
		return complete(response);
	return HTTP_MORE;
}

static enum http_reading take_header_end(struct http_response *response)
{
	if (response->line_status >= 200)
		return begin_body(response);
	// RFC 9110 15.2: any number of 1xx responses may come before the one.
	if (response->line_status == 101)
		return bad(response, "it switched to another protocol");
	response->state = STATUS_LINE;
	response->has_length = false;
	response->chunked = false;
	return HTTP_MORE;
}

// The field's value, or NULL if the line is another field.
static const char *field_value(const char *line, const char *name)
{
	size_t size = strlen(name);

	if (strncasecmp(line, name, size) != 0 || line[size] != ':')
		return NULL;
	return line + size + 1 + strspn(line + size + 1, " \t");
}

// RFC 9110 8.6: digits alone, and the same number wherever it is said.
static enum http_reading take_length(struct http_response *response, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	uint64_t length = strtoull(value, NULL, 10);

	if (digits == 0 || digits > 18 || value[digits + strspn(value + digits, " \t")] != '\0' ||
		(response->has_length && response->left != length))
		return bad(response, "its Content-Length is no length");
	response->has_length = true;
	response->left = length;
	return HTTP_MORE;
}

static enum http_reading take_field_line(struct http_response *response)
{
	const char *value;

	if (response->line[0] == '\0')
		return take_header_end(response);
	value = field_value(response->line, "Content-Length");
	if (value != NULL)
		return take_length(response, value);
	value = field_value(response->line, "Transfer-Encoding");
	if (value != NULL && strcasestr(value, "chunked") != NULL)
		response->chunked = true;
	return HTTP_MORE;
}

static enum http_reading take_chunk_size_line(struct http_response *response)
{
	size_t digits = strspn(response->line, "0123456789abcdefABCDEF");

	if (digits == 0 || digits > MOST_CHUNK_DIGITS)
		return bad(response, "a chunk of its answer has no size");
	response->left = strtoull(response->line, NULL, 16);
	if (response->left == 0)
		return complete(response);
	response->state = CHUNK;
	return HTTP_MORE;
}

static enum http_reading take_line(struct http_response *response)
{
	switch (response->state) {
	case STATUS_LINE:
		return take_status_line(response);
	case FIELD_LINE:
		return take_field_line(response);
	case CHUNK_SIZE_LINE:
		return take_chunk_size_line(response);
	default: // the empty line after a chunk
		if (response->line[0] != '\0')
			return bad(response, "a chunk of its answer is longer than it says");
		response->state = CHUNK_SIZE_LINE;
		return HTTP_MORE;
	}
}

static enum http_reading take_line_byte(struct http_response *response, char byte)
{
	enum http_reading reading = HTTP_MORE;

	if (response->state >= CHUNK_SIZE_LINE)
		reading = count_body_byte(response);
	else if (++response->header_size > HTTP_HEADER_LIMIT)
		return bad(response, "its header does not end within 64KiB");
	if (reading != HTTP_MORE)
		return reading;
	if (byte != '\n') {
		if (response->line_size < HTTP_LINE_KEPT - 1)
			response->line[response->line_size++] = byte;
		return HTTP_MORE;
	}
	if (response->line_size > 0 && response->line[response->line_size - 1] == '\r')
		response->line_size--;
	response->line[response->line_size] = '\0';
	reading = take_line(response);
	memset(response->line, 0, sizeof(response->line));
	response->line_size = 0;
	return reading;
}

static enum http_reading take_byte(struct http_response *response, char byte)
{
	enum http_reading reading;

	switch (response->state) {
	case BODY_TO_THE_END:
		return take_body_byte(response, byte);
	case BODY_BY_LENGTH:
		reading = take_body_byte(response, byte);
		return reading == HTTP_MORE && --response->left == 0 ? complete(response) : reading;
	case CHUNK:
		if (--response->left == 0)
			response->state = CHUNK_END_LINE;
		return take_body_byte(response, byte);
	case ENDED:
		return HTTP_COMPLETE;
	default:
		return take_line_byte(response, byte);
	}
}

enum http_reading http_response_take(struct http_response *response, const void *bytes, size_t size)
{
	const char *at = bytes;
	enum http_reading reading = HTTP_MORE;

	for (size_t i = 0; i < size && reading == HTTP_MORE; i++)
		reading = take_byte(response, at[i]);
	return reading;
}

enum http_reading http_response_end(struct http_response *response)
{
	if (response->state == ENDED || response->state == BODY_TO_THE_END)
		return complete(response);
	if (response->state == STATUS_LINE && response->header_size == 0)
		return bad(response, "it closed the connection without an answer");
	return bad(response, "it closed the connection in the middle of its answer");
}
