// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>

const char *config_protocols_format(
	const struct config_service *service, char text[CONFIG_PROTOCOLS_TEXT_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < service->protocol_count; i++)
		used += (size_t)snprintf(text + used, CONFIG_PROTOCOLS_TEXT_SIZE - used, "%s%s",
			i > 0 ? "," : "", service->protocols[i] == CONFIG_TCP ? "tcp" : "udp");
	return text;
}

const char *config_ports_format(
	const struct config_service *service, char text[CONFIG_PORTS_TEXT_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < service->port_count; i++) {
		const uint16_t *ports = service->ports[i];
		char *at = text + used;
		size_t room = CONFIG_PORTS_TEXT_SIZE - used;
		const char *comma = i > 0 ? "," : "";

		if (ports[0] == 0)
			used += (size_t)snprintf(at, room, "%sany", comma);
		else if (ports[0] == ports[1])
			used += (size_t)snprintf(at, room, "%s%u", comma, ports[0]);
		else
			used += (size_t)snprintf(at, room, "%s%u-%u", comma, ports[0], ports[1]);
	}
	return text;
}
