// SPDX-License-Identifier: BSD-3-Clause
// Captures what a worker does with the frames of a pcap file, all of them in one burst.
//   run_capture [--service VIP/tcp|udp/FIRST/LAST] [--drops] [--snaplen N] IN OUT POOL_FILE HOPS_FILE
// How a frame comes in is in its microseconds (enum how). At the end: what was written, and missed.
#include "arrive.h"
#include "pcap.h"
#include "world.h"

#include <capture/capture.h>
#include <packet/headers.h>

#include <stdlib.h>
#include <string.h>

static struct stage stage;
static struct world world = {.publisher = &stage.publisher};
static struct capture_filter filter;
static uint32_t snap_size = CAPTURE_SNAP_DEFAULT;

static void read_service(char *text)
{
	const char *vip = strtok(text, "/");
	const char *protocol = strtok(NULL, "/");
	const char *first, *last = NULL;

	while (filter.port_count < CONFIG_PORTS_MAX && (first = strtok(NULL, "/")) != NULL &&
		(last = strtok(NULL, "/")) != NULL) {
		filter.ports[filter.port_count][0] = (uint16_t)atoi(first);
		filter.ports[filter.port_count++][1] = (uint16_t)atoi(last);
	}
	need(last != NULL && addr_parse(vip, &filter.vip) == 0,
		"--service is VIP/tcp|udp|tcp,udp/FIRST/LAST[/FIRST/LAST...]");
	filter.tcp = strstr(protocol, "tcp") != NULL;
	filter.udp = strstr(protocol, "udp") != NULL;
}

static char **read_options(char **argv)
{
	for (; *argv != NULL && argv[0][0] == '-'; argv++) {
		if (strcmp(*argv, "--drops") == 0)
			filter.drops_only = true;
		else if (strcmp(*argv, "--service") == 0)
			read_service(*++argv);
		else if (strcmp(*argv, "--snaplen") == 0)
			snap_size = (uint32_t)strtoul(*++argv, NULL, 10);
	}
	return argv;
}

static void bring_in(const char *path)
{
	static struct pcap_frame frame;
	struct pcap_reader in;
	struct error err;

	if (pcap_open(&in, path, &err) != 0)
		need(false, err.text);
	while (pcap_read(&in, &frame, &err) == 1)
		arrive(&stage, (enum how)frame.microseconds, frame.bytes, frame.size);
	pcap_close(&in);
}

static void take_out(void)
{
	struct rte_mbuf *mbuf;

	for (uint32_t side = 0; side < SIDES; side++)
		while ((mbuf = stage_take_out(&stage, side)) != NULL)
			rte_pktmbuf_free(mbuf);
}

static void run(const char *in, const char *out)
{
	struct capture *capture;
	struct error err;
	uint64_t token;

	if (capture_new(&filter, snap_size, &capture, &err) != 0 ||
		capture_open(capture, out, &err) != 0)
		need(false, err.text);
	publisher_set_capture(&stage.publisher, capture);
	bring_in(in);
	worker_poll(stage.worker);
	token = publisher_set_capture(&stage.publisher, NULL);
	need(!publisher_passed(&stage.publisher, token), "the worker was not waited for");
	worker_poll(stage.worker);
	need(publisher_passed(&stage.publisher, token), "the worker still has the capture");
	take_out();
	while (capture_write(capture, 3) > 0)
		;
	printf("%lu written, %lu missed\n", capture->written, capture->missed);
	capture_free(capture);
}

int main(int argc, char **argv)
{
	const struct worker_config config = {.ports = {{.mac = WORLD_MAC}, {.mac = WORLD_MAC}}};
	struct error err;

	(void)argc;
	argv = read_options(argv + 1);
	stage_open(&stage, 1024, WORLD_NAMES_MAX, &config);
	if (world_publish(&world, argv[2], argv[3], &err) != 0)
		need(false, err.text);
	run(argv[0], argv[1]);
	stage_close(&stage);
	return 0;
}
