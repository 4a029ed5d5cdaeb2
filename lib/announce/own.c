// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce_private.h>
#include <base/log.h>
#include <kernel/kernel.h>

#include <errno.h>
#include <string.h>

// A VIP's packets never reach the kernel. Where it is an address of the balancer's own, on whatever
// interface, the answers to probes and whoever is logged in are cut off, and every backend may go
// down.

int announce_check_own(struct kernel *kernel, const struct config *config, struct error *err)
{
	kernel_catch_up(kernel);
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		const char *interface = kernel_owner(kernel, &service->vip);
		char text[ADDR_TEXT_SIZE];

		if (interface != NULL)
			return error_set(err, EADDRINUSE,
				"service '%s': VIP %s is this balancer's own address on %s: take another one, "
				"as nothing that is sent to a VIP reaches the balancer's kernel",
				service->name, addr_format(&service->vip, text, sizeof(text)),
				interface);
	}
	return 0;
}

// One that an interface is given when the VIP is there already.
static void own_look_at(const struct announce *announce, struct announce_entry *vip)
{
	const char *interface = kernel_owner(announce->needs.kernel, &vip->address);
	char text[ADDR_TEXT_SIZE];

	if (interface == NULL)
		interface = "";
	if (strcmp(interface, vip->owner) == 0)
		return;
	addr_format(&vip->address, text, sizeof(text));
	if (interface[0] != '\0')
		log_warning(
			"kernel: VIP %s was given to %s as an address of this machine's own: nothing that is sent to it "
			"reaches the kernel; 'ip addr del' it there, or take another VIP",
			text, interface);
	else
		log_info("kernel: VIP %s is no address of this machine's own any more", text);
	snprintf(vip->owner, sizeof(vip->owner), "%s", interface);
}

void announce_follow_own(struct announce *announce)
{
	for (uint32_t i = 0; i < announce->count; i++)
		own_look_at(announce, &announce->entries[i]);
}
