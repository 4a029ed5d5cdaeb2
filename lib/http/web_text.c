// SPDX-License-Identifier: BSD-3-Clause
#include <http/web_private.h>

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// HTTP/1.1's text, RFC 9112: what is read of a request, and what is written around a page.

static const char *status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {{200, "OK"}, {400, "Bad Request"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {414, "URI Too Long"},
		{431, "Request Header Fields Too Large"}, {503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "Error";
}

// "GET /metrics?x=y HTTP/1.1". 0, or the status that it deserves.
static int parse_first(struct web_head *head, const char *line)
{
	const char *target = strchr(line, ' ');
	const char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
	size_t size;

	if (version == NULL || target == line)
		return 400;
	if (strncmp(version + 1, "HTTP/", 5) != 0)
		return 400;
	if (strcmp(version + 1, "HTTP/1.1") != 0 && strcmp(version + 1, "HTTP/1.0") != 0)
		return 505;
	head->is_chunked = version[8] == '1';
	head->is_head = strncmp(line, "HEAD ", 5) == 0;
	if (!head->is_head && strncmp(line, "GET ", 4) != 0)
		return 405;
	size = strcspn(target + 1, " ?#");
	if (target[1] != '/')
		return 400;
	if (size >= sizeof(head->path))
		return 414;
	memcpy(head->path, target + 1, size);
	head->path[size] = '\0';
	return 0;
}

static void parse_field(struct web_head *head, const char *line)
{
	static const char name[] = "accept:";

	if (strncasecmp(line, name, sizeof(name) - 1) != 0 || head->has_accept)
		return;
	snprintf(head->accept, sizeof(head->accept), "%s", line + sizeof(name) - 1);
	head->has_accept = true;
}

// 0, or the status that the line deserves.
static int parse_line(struct web_head *head, const char *line)
{
	if (!head->is_begun) {
		head->is_begun = true;
		return parse_first(head, line);
	}
	parse_field(head, line);
	return 0;
}

enum web_parsed web_parse(struct web_head *head, struct evbuffer *in, int *status)
{
	for (;;) {
		size_t size;
		char *line = evbuffer_readln(in, &size, EVBUFFER_EOL_CRLF);
		bool is_last = line != NULL && size == 0 && head->is_begun;

		*status = 0;
		head->size += line != NULL ? size + 1 : 0;
		if (head->size + (line == NULL ? evbuffer_get_length(in) : 0) >= WEB_HEAD_MAX)
			*status = 431;
		else if (line != NULL && strlen(line) != size)
			*status = 400; // a zero in it
		else if (line != NULL && size > 0)
			*status = parse_line(head, line);
		free(line);
		if (*status != 0)
			return WEB_BAD;
		if (line == NULL)
			return WEB_INCOMPLETE;
		if (is_last)
			return WEB_COMPLETE;
	}
}

void web_put_head(struct evbuffer *out, const struct web_head *head, const struct web_reply *reply)
{
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nConnection: close\r\n",
		reply->status, status_text(reply->status), reply->content_type);
	if (reply->status == 405)
		evbuffer_add_printf(out, "Allow: GET, HEAD\r\n");
	if (reply->text != NULL)
		evbuffer_add_printf(out, "Content-Length: %zu\r\n\r\n%s", strlen(reply->text),
			head->is_head ? "" : reply->text);
	else
		evbuffer_add_printf(
			out, "%s\r\n", head->is_chunked ? "Transfer-Encoding: chunked\r\n" : "");
}

void web_put_piece(
	struct evbuffer *out, const struct web_head *head, const char *piece, size_t size)
{
	if (size == 0)
		return;
	if (head->is_chunked)
		evbuffer_add_printf(out, "%zx\r\n", size);
	evbuffer_add(out, piece, size);
	if (head->is_chunked)
		evbuffer_add(out, "\r\n", 2);
}

void web_put_end(struct evbuffer *out, const struct web_head *head)
{
	if (head->is_chunked)
		evbuffer_add(out, "0\r\n\r\n", 5);
}
