// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_ENDPOINT_H
#define CONFIG_ENDPOINT_H

#include <config/config.h>

// Where one service is reached: each of its protocols on each of its ranges of ports is an
// endpoint. To the operator, and to everything that counts, probes and announces, it stays one
// service. Any thread.

struct config_endpoint {
	uint8_t protocol; // enum config_protocol
	uint16_t first; // both 0 and 65535 of 'any'
	uint16_t last;
};

static inline uint32_t config_endpoint_count(const struct config_service *service)
{
	return service->protocol_count * service->port_count;
}

static inline struct config_endpoint config_endpoint(
	const struct config_service *service, uint32_t number)
{
	const uint16_t *ports = service->ports[number % service->port_count];

	return (struct config_endpoint){
		service->protocols[number / service->port_count], ports[0], ports[1]};
}

static inline bool config_has_protocol(
	const struct config_service *service, enum config_protocol protocol)
{
	return service->protocols[0] == protocol || service->protocols[1] == protocol;
}

// One port, by whichever protocols.
static inline bool config_has_single_port(const struct config_service *service)
{
	return service->port_count == 1 && service->ports[0][0] == service->ports[0][1];
}

static inline bool config_has_port(const struct config_service *service, uint16_t port)
{
	uint32_t i = 0;

	while (i < service->port_count &&
		(port < service->ports[i][0] || port > service->ports[i][1]))
		i++;
	return i < service->port_count;
}

// The port of its server where it is one: what its probe asks.
static inline uint16_t config_server_port(const struct config_service *service)
{
	return service->target_port != 0 ? service->target_port : service->ports[0][0];
}

// "tcp", "udp", "tcp,udp".
#define CONFIG_PROTOCOLS_TEXT_SIZE 8
const char *config_protocols_format(
	const struct config_service *service, char text[CONFIG_PROTOCOLS_TEXT_SIZE]);

// "443", "80,443,8000-8010", "any".
#define CONFIG_PORTS_TEXT_SIZE (CONFIG_PORTS_MAX * sizeof("65535-65535"))
const char *config_ports_format(
	const struct config_service *service, char text[CONFIG_PORTS_TEXT_SIZE]);

#endif
