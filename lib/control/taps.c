// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>
#include <control/interfaces.h>
#include <control/taps.h>
#include <handover/allowance.h>
#include <kernel/belongings.h>
#include <kernel/tap.h>

#include <stdlib.h>
#include <string.h>

#define AGAIN_ROUNDS 25 // of taps_follow(), after one that could not be made
// What remembering may take of the loop's thread: a share of it, and a burst.
#define REMEMBER_SHARE    50
#define REMEMBER_BURST_NS (20 * CLOCK_NS_PER_MS)

struct port_taps {
	struct tap side;
	struct tap wire;
	struct belongings had; // by the kernel side
	uint32_t side_gone; // its number before
	bool side_is_to_have; // it is made again, and has not been given that yet
	uint32_t side_waits; // rounds until it is tried again
	uint32_t wire_waits;
};

struct taps {
	struct control *control;
	uint64_t rounds; // of the kernel's changes, when it was last remembered
	struct allowance remembering;
	struct port_taps ports[DAEMON_PORTS_MAX];
};

// "net_tap0,iface=ftap0": "ftap0"; "" where the device is none.
static void taps_name_wire(const char *device, char name[16])
{
	const char *found = strstr(device, "iface=");
	size_t size = found != NULL ? strcspn(found + 6, ",") : 0;

	name[0] = '\0';
	if (strncmp(device, "net_tap", 7) != 0 || size == 0 || size > 15)
		return;
	memcpy(name, found + 6, size);
	name[size] = '\0';
}

struct taps *taps_new(struct control *control)
{
	struct taps *taps = calloc(1, sizeof(*taps));
	char name[16];

	for (uint32_t p = 0; taps != NULL && p < control->config.port_count; p++) {
		const struct running_port *port = &control->config.ports[p];

		taps_name_wire(port->device, name);
		if (port->kernel_interface[0] != '\0')
			tap_find(port->kernel_interface, &taps->ports[p].side);
		if (name[0] != '\0')
			tap_find(name, &taps->ports[p].wire);
	}
	if (taps == NULL)
		return NULL;
	taps->control = control;
	allowance_init(&taps->remembering, REMEMBER_SHARE, REMEMBER_BURST_NS, clock_monotonic_ns());
	return taps;
}

void taps_free(struct taps *taps)
{
	free(taps);
}

// True: it was made again.
static bool taps_make(const struct running_port *port, const char *what, const struct tap *tap,
	const char *then, uint32_t *waits)
{
	bool is_told = *waits != 0;
	int rc;

	if (*waits > 1) {
		--*waits;
		return false;
	}
	rc = tap_make(tap, &port->mac);
	*waits = rc == 0 ? 0 : AGAIN_ROUNDS;
	if (rc == 0)
		log_error("port %s: somebody deleted its %s %s, which is made again: %s",
			port->name, what, tap->name, then);
	else if (!is_told)
		log_error("port %s: somebody deleted its %s %s, which cannot be made again: %s",
			port->name, what, tap->name, strerror(-rc));
	return rc == 0;
}

static void taps_side_is_made(struct taps *taps, uint32_t p)
{
	taps->ports[p].side_is_to_have = true;
	taps->ports[p].side_gone = control_kernel_side(taps->control, p);
}

static void taps_give(struct taps *taps, uint32_t p)
{
	struct control *control = taps->control;
	const struct running_port *port = &control->config.ports[p];
	struct port_taps *own = &taps->ports[p];
	const char *name = control_kernel_side_name(control, p);
	uint32_t refused;

	if (!own->side_is_to_have || name[0] == '\0' ||
		control_kernel_side(control, p) == own->side_gone)
		return;
	own->side_is_to_have = false;
	if (own->had.mtu == 0)
		own->had.mtu = port->mtu;
	refused = belongings_give(control->kernel, control_kernel_side(control, p), &own->had);
	if (refused > 0)
		log_warning("port %s: %u addresses and routes of %s could not be given back",
			port->name, refused, name);
}

void taps_follow(struct taps *taps)
{
	const struct control_config *config = &taps->control->config;

	for (uint32_t p = 0; p < config->port_count; p++) {
		struct port_taps *own = &taps->ports[p];

		if (own->side.count > 0 && !tap_is_there(&own->side) &&
			taps_make(&config->ports[p], "kernel-side interface", &own->side,
				"with its addresses and routes", &own->side_waits))
			taps_side_is_made(taps, p);
		if (own->wire.count > 0 && !tap_is_there(&own->wire))
			taps_make(&config->ports[p], "wire", &own->wire,
				"it has no link until it is connected and up", &own->wire_waits);
		taps_give(taps, p);
	}
}

// Not of an interface that was deleted in between: it has nothing any more.
static void taps_take(const struct control *control, uint32_t p, struct port_taps *own)
{
	static struct belongings now; // too large for the stack

	if (own->side.count == 0 || own->side_is_to_have)
		return;
	now = own->had;
	belongings_take(control->kernel, control_kernel_side(control, p), &now);
	if (tap_is_there(&own->side))
		own->had = now;
}

void taps_remember(struct taps *taps)
{
	const struct control *control = taps->control;
	uint64_t now_ns = clock_monotonic_ns(), begun_ns = clock_cpu_ns();

	if (taps->rounds == control->rounds || allowance_wait_ns(&taps->remembering, 0, now_ns) > 0)
		return;
	taps->rounds = control->rounds;
	for (uint32_t p = 0; p < control->config.port_count; p++)
		taps_take(control, p, &taps->ports[p]);
	allowance_take(&taps->remembering, clock_cpu_ns() - begun_ns, now_ns);
}

bool taps_makes_side(const struct taps *taps, uint32_t port)
{
	return taps->ports[port].side.count > 0;
}

bool taps_shares_side(const struct taps *taps, uint32_t port)
{
	return taps->ports[port].side.is_vhost;
}

bool taps_wire_has_link(const struct taps *taps, uint32_t port)
{
	const struct port_taps *own = &taps->ports[port];

	if (own->wire.count == 0)
		return true;
	return tap_is_there(&own->wire) && tap_is_up(&own->wire);
}
