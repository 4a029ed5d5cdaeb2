// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as what an SSH, MySQL or PostgreSQL server says to 'fulcrumctl teleport verify': a host
// key or a way to TLS was found, or there is one printable sentence; and no more is said to the
// server than the protocol has.
//
// The input: the speech in a byte, and all that the server says. It takes the place of the
// connection.
#include "fuzz.h"
#include "port_check.h"

#include <base/printable.h>

#include <string.h>
#include <sys/socket.h>

#define SAID_MAX 4096 // by us: a banner, an offer, a key

static const uint8_t *answer;
static size_t left, said;

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	size_t some = size < left ? size : left;

	memcpy(bytes, answer, some);
	answer += some;
	left -= some;
	return (ssize_t)some;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	said += size;
	return (ssize_t)size;
}

static void check_reason(const char *reason)
{
	char text[PORT_CHECK_REASON_SIZE];

	FUZZ_ASSERT(strnlen(reason, PORT_CHECK_REASON_SIZE) < PORT_CHECK_REASON_SIZE);
	FUZZ_ASSERT(strcmp(printable_make(strcpy(text, reason)), reason) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t none[PORT_CHECK_IDENTITY_SIZE];
	uint8_t identity[PORT_CHECK_IDENTITY_SIZE] = {0};
	char reason[PORT_CHECK_REASON_SIZE] = "";
	struct wire wire = {.fd = -1, .reason = reason};
	uint8_t speech;
	int rc;

	if (size == 0)
		return 0;
	speech = data[0] % 3;
	answer = data + 1;
	left = size - 1;
	said = 0;
	if (speech == 0)
		rc = port_check_ssh(&wire, identity);
	else
		rc = speech == 1 ? port_check_mysql(&wire) : port_check_postgres(&wire);
	FUZZ_ASSERT((rc == 0) == (reason[0] == '\0') && (said > 0) == (speech != 1 || rc == 0));
	FUZZ_ASSERT(said <= SAID_MAX);
	FUZZ_ASSERT((memcmp(identity, none, sizeof(none)) != 0) == (speech == 0 && rc == 0));
	check_reason(reason);
	return 0;
}
