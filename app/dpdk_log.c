// SPDX-License-Identifier: BSD-3-Clause
#include "fulcrumd.h"

#include <base/log.h>
#include <rte_log.h>
#include <stdio.h>
#include <string.h>

// DPDK's own words go into the log as lines like all others. Its default is standard error and
// syslog(3), each of which has the thread wait for who reads it.

// What it calls an error is often a wish that a driver cannot grant; what ends the daemon the
// daemon says itself.
static enum log_level dpdk_log_level(void)
{
	int level = rte_log_cur_msg_loglevel();

	if (level <= 0 || level > (int)RTE_LOG_INFO)
		return LOG_LEVEL_DEBUG;
	return level >= (int)RTE_LOG_NOTICE ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;
}

// One message a call, of one line or of several; the stream's lock is held.
static ssize_t dpdk_log_write(void *cookie, const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		const char *end = memchr(bytes + at, '\n', size - at);
		size_t length = end != NULL ? (size_t)(end - bytes) - at : size - at;

		if (length > 0)
			log_write(dpdk_log_level(), "dpdk: %.*s", (int)length, bytes + at);
		at += length + 1;
	}
	return (ssize_t)size;
}

void dpdk_log_begin(void)
{
	static const cookie_io_functions_t functions = {.write = dpdk_log_write};
	FILE *stream = fopencookie(NULL, "w", functions);

	if (stream != NULL)
		rte_openlog_stream(stream);
}
