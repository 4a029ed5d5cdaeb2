// SPDX-License-Identifier: BSD-3-Clause
#include "port_check.h"

#include <string.h>

#define MYSQL_HEADER       4
#define MYSQL_PROTOCOL     10
#define MYSQL_PROTOCOL_41  0x0200u
#define MYSQL_TLS          0x0800u
#define MYSQL_SECURE       0x8000u
#define MYSQL_GREETING_MAX 4096u
#define MYSQL_CHARSET_UTF8 33
#define MYSQL_REQUEST_SIZE 32 // capabilities 4, packet size 4, character set 1, zeros 23

// MySQL's Protocol::SSLRequest, behind the server's greeting.
int port_check_mysql(struct wire *wire)
{
	uint8_t greeting[MYSQL_GREETING_MAX],
		request[MYSQL_HEADER + MYSQL_REQUEST_SIZE] = {MYSQL_REQUEST_SIZE, 0, 0, 1};
	const uint32_t capabilities = MYSQL_PROTOCOL_41 | MYSQL_TLS | MYSQL_SECURE;
	uint32_t size;

	if (wire_read(wire, greeting, MYSQL_HEADER) != 0)
		return wire_fail(wire, "no greeting");
	size = greeting[0] | greeting[1] << 8 | greeting[2] << 16;
	if (size == 0 || size > sizeof(greeting))
		return wire_fail(wire, "what answers does not greet as MySQL does");
	if (wire_read(wire, greeting, size) != 0)
		return wire_fail(wire, "half a greeting");
	if (greeting[0] != MYSQL_PROTOCOL)
		return wire_fail(wire, "the MySQL server refuses the connection");
	memcpy(request + MYSQL_HEADER, &capabilities, sizeof(capabilities)); // little-endian
	request[MYSQL_HEADER + 7] = 1; // packets of 16 MiB
	request[MYSQL_HEADER + 8] = MYSQL_CHARSET_UTF8;
	return wire_write(wire, request, sizeof(request));
}

// PostgreSQL's SSLRequest: a length, and a code that no version has.
int port_check_postgres(struct wire *wire)
{
	static const uint8_t request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
	char answer;

	if (wire_write(wire, request, sizeof(request)) != 0 || wire_read(wire, &answer, 1) != 0)
		return wire_fail(wire, "no answer to the request for TLS");
	return answer == 'S' ? 0 : wire_fail(wire, "the PostgreSQL server does not offer TLS");
}
