// SPDX-License-Identifier: BSD-3-Clause
#include "metrics.h"

#include <base/log_queue.h>
#include <http/web.h>
#include <metrics/exposition.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "look.h"

// X(identifier, type, name, unit, sentence); docs/reference/fulcrum-backend.md lists the same.
// clang-format off
#define AGENT_FAMILIES(X) \
	X(BUILD, INFO, "fulcrum_agent_build", "", "What runs") \
	X(START_TIME, GAUGE, "fulcrum_agent_start_time_seconds", "seconds", "When the agent started, in seconds since 1970") \
	X(IN_PLACE, GAUGE, "fulcrum_agent_in_place", "", "1 while all that the agent watches is as it should be, as --status says") \
	X(ATTACHED, GAUGE, "fulcrum_agent_filter_attached", "", "1 while the agent's filter is on that side of the interface") \
	X(LOG_LOST, COUNTER, "fulcrum_agent_log_lost_lines", "", "Lines of the log that were lost because whoever reads it did not take them in time") \
	X(NOT_DELIVERED, COUNTER, "fulcrum_agent_not_delivered_packets", "packets", "Tunnel packets that were not delivered to a VIP")
#define AGENT_ROW_FAMILIES(X) \
	X(rx_packets, "fulcrum_agent_received_packets", "packets", "Packets for the VIP and port") \
	X(rx_bytes, "fulcrum_agent_received_bytes", "bytes", "Their bytes, from the inner IP header on") \
	X(rx_tunneled, "fulcrum_agent_tunneled_packets", "packets", "Those of them that came in a tunnel") \
	X(tx_packets, "fulcrum_agent_sent_packets", "packets", "Packets from the VIP and port") \
	X(tx_bytes, "fulcrum_agent_sent_bytes", "bytes", "Their bytes, from the IP header on") \
	X(mss_lowered, "fulcrum_agent_mss_lowered_packets", "packets", "SYN-ACKs whose MSS was lowered") \
	X(icmp_mapped, "fulcrum_agent_icmp_mapped_packets", "packets", "ICMP errors whose quoted port was mapped")
// clang-format on

enum agent_family {
#define X(identifier, ...) AGENT_##identifier,
	AGENT_FAMILIES(X)
#undef X
};

static const struct metrics_family families[] = {
#define X(identifier, kind, title, measure, sentence) \
	{.name = title, .type = METRICS_##kind, .unit = measure, .labels = "", .help = sentence},
	AGENT_FAMILIES(X)
#undef X
};

static const struct row_family {
	struct metrics_family family;
	size_t offset; // in struct fb_counters
} row_families[] = {
#define X(field, title, measure, sentence) \
	{{.name = title,                   \
		 .type = METRICS_COUNTER,  \
		 .unit = measure,          \
		 .labels = "",             \
		 .help = sentence},        \
		offsetof(struct fb_counters, field)},
	AGENT_ROW_FAMILIES(X)
#undef X
};

#define ROW_FAMILIES (sizeof(row_families) / sizeof(row_families[0]))

struct metrics {
	struct web *web;
	const char *pin;
	uint64_t start_s;
};

// A page that is whole before it is sent.
struct page {
	struct exposition exposition;
	size_t sent;
};

// False without memory: then the page is cut.
static bool make_room(struct exposition *e)
{
	size_t room = e->room == 0 ? 64 * 1024 : 2 * e->room;
	char *text;

	if (e->room - e->size >= EXPOSITION_LINE_MAX)
		return true;
	text = realloc(e->text, room);
	if (text == NULL) {
		e->is_cut = true;
		return false;
	}
	e->text = text;
	e->room = room;
	return true;
}

static void put_one(struct exposition *e, enum agent_family id, uint64_t value)
{
	if (!make_room(e))
		return;
	exposition_begin_family(e, &families[id]);
	exposition_sample(e, "");
	exposition_number(e, value);
}

static void put_build(struct exposition *e)
{
	if (!make_room(e))
		return;
	exposition_begin_family(e, &families[AGENT_BUILD]);
	exposition_sample(e, "");
	exposition_label(e, "version", FULCRUM_VERSION);
	exposition_number(e, 1);
}

static void put_links(struct exposition *e, const struct look *look)
{
	if (make_room(e))
		exposition_begin_family(e, &families[AGENT_ATTACHED]);
	for (uint32_t i = 0; i < 2 * look->state.link_count && make_room(e); i++) {
		const struct look_link *link = &look->links[i / 2];

		exposition_sample(e, "");
		exposition_label(e, "interface", link->name);
		exposition_label(e, "side", look_side_name(i % 2));
		exposition_number(e, link->sides[i % 2] == LOOK_ATTACHED);
	}
}

static void put_totals(struct exposition *e, const struct look *look)
{
	if (make_room(e))
		exposition_begin_family(e, &families[AGENT_NOT_DELIVERED]);
	for (enum fb_total i = 0; i < FB_TOTAL_COUNT && make_room(e); i++) {
		exposition_sample(e, "");
		exposition_label(e, "reason", look_total_name(i));
		exposition_number(e, look->totals[i]);
	}
}

static void put_row(struct exposition *e, const struct program_row *row, size_t offset)
{
	struct addr vip = program_addr(&row->key.address);
	char text[ADDR_TEXT_SIZE];
	uint64_t value;

	memcpy(&value, (const char *)&row->counters + offset, sizeof(value));
	exposition_sample(e, "");
	exposition_label(e, "vip", addr_format(&vip, text, sizeof(text)));
	exposition_label(e, "protocol", config_protocol_name(row->key.protocol));
	snprintf(text, sizeof(text), row->key.port == 0 ? "*" : "%u", ntohs(row->key.port));
	exposition_label(e, "port", text);
	exposition_number(e, value);
}

static void put_rows(struct exposition *e, const struct look *look)
{
	for (size_t k = 0; k < ROW_FAMILIES && make_room(e); k++) {
		exposition_begin_family(e, &row_families[k].family);
		for (size_t i = 0; i < look->row_count && make_room(e); i++)
			put_row(e, &look->rows[i], row_families[k].offset);
	}
}

static void put_page(const struct metrics *metrics, struct exposition *e, const struct look *look)
{
	put_build(e);
	put_one(e, AGENT_START_TIME, metrics->start_s);
	put_one(e, AGENT_IN_PLACE, look->fault_count == 0);
	put_one(e, AGENT_LOG_LOST, log_queue_lost());
	put_links(e, look);
	put_totals(e, look);
	put_rows(e, look);
	if (make_room(e))
		exposition_end(e);
}

static bool page_fill(void *context, char *out, size_t *size)
{
	struct page *page = context;
	size_t left = page->exposition.size - page->sent;

	*size = left < WEB_PIECE_SIZE ? left : WEB_PIECE_SIZE;
	memcpy(out, page->exposition.text + page->sent, *size);
	page->sent += *size;
	return *size < left;
}

static void page_free(void *context)
{
	struct page *page = context;

	free(page->exposition.text);
	free(page);
}

static void reply_text(struct web_reply *reply, int status, const char *text)
{
	*reply = (struct web_reply){
		.status = status, .content_type = "text/plain; charset=utf-8", .text = text};
}

static void reply_page(struct web_reply *reply, int status, const char *type, struct page *page)
{
	if (page->exposition.is_cut) {
		page_free(page);
		reply_text(reply, 503, "out of memory\n");
		return;
	}
	*reply = (struct web_reply){.status = status,
		.content_type = type,
		.fill = page_fill,
		.free = page_free,
		.page = page};
}

static void reply_metrics(const struct metrics *metrics, const struct web_request *request,
	const struct look *look, struct page *page, struct web_reply *reply)
{
	page->exposition.format = exposition_negotiate(request->accept);
	put_page(metrics, &page->exposition, look);
	reply_page(reply, 200, exposition_content_type(page->exposition.format), page);
}

static void reply_faults(const struct look *look, struct page *page, struct web_reply *reply)
{
	struct exposition *e = &page->exposition;

	for (size_t i = 0; i < look->fault_count && make_room(e); i++)
		e->size += (size_t)snprintf(
			e->text + e->size, EXPOSITION_LINE_MAX, "%.1024s\n", look->faults[i]);
	reply_page(reply, 503, "text/plain; charset=utf-8", page);
}

static void handle(void *context, const struct web_request *request, struct web_reply *reply)
{
	const struct metrics *metrics = context;
	bool is_health = strcmp(request->path, "/healthz") == 0;
	struct page *page;
	struct look look;

	if (!is_health && strcmp(request->path, "/metrics") != 0)
		return; // with the answer that is there: it names both
	if (look_at(metrics->pin, &look, NULL) < 0) {
		reply_text(reply, 503, "the agent's maps cannot be read\n");
		return;
	}
	page = calloc(1, sizeof(*page));
	if (page == NULL) {
		reply_text(reply, 503, "out of memory\n");
	} else if (!is_health) {
		reply_metrics(metrics, request, &look, page, reply);
	} else if (look.fault_count > 0) {
		reply_faults(&look, page, reply);
	} else {
		page_free(page);
		reply_text(reply, 200, "ok\n");
	}
	look_free(&look);
}

int metrics_new(struct event_base *base, const struct endpoint *listen, const char *pin,
	struct metrics **out, struct error *err)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	int result;

	if (metrics == NULL)
		return error_set(err, ENOMEM, "out of memory");
	metrics->pin = pin;
	metrics->start_s = (uint64_t)time(NULL);
	result = web_new(base, listen, NULL, handle, metrics, &metrics->web, err);
	if (result < 0) {
		free(metrics);
		return result;
	}
	*out = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	web_free(metrics->web);
	free(metrics);
}
