// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_checks.h"

#include <dirent.h>
#include <glob.h>
#include <string.h>

#define PCI "/sys/bus/pci/devices/"

uint32_t doctor_find_cards(const struct doctor *doctor, struct doctor_card cards[DOCTOR_CARDS_MAX])
{
	char addresses[NEEDS_CARDS_MAX][NEEDS_CARD_SIZE];
	char path[DOCTOR_PATH_SIZE];
	uint32_t count = 0;

	for (uint32_t p = 0; p < doctor->config.port_count; p++) {
		uint32_t found = needs_cards(&doctor->config.ports[p], addresses);

		for (uint32_t c = 0; c < found; c++, count++) {
			struct doctor_card *card = &cards[count];

			memcpy(card->address, addresses[c], sizeof(card->address));
			card->port = doctor->config.ports[p].name;
			snprintf(path, sizeof(path), PCI "%s", card->address);
			card->there = doctor_there(doctor, path);
			snprintf(path, sizeof(path), PCI "%s/driver", card->address);
			doctor_link(doctor, path, card->driver, sizeof(card->driver));
		}
	}
	return count;
}

// Its driver works beside the kernel's (Mellanox): it stays with it and needs no vfio.
static bool is_shared(const struct doctor_card *card)
{
	return strncmp(card->driver, "mlx", 3) == 0;
}

static bool is_uio(const struct doctor_card *card)
{
	return strcmp(card->driver, "uio_pci_generic") == 0 || strcmp(card->driver, "igb_uio") == 0;
}

bool doctor_wants_vfio(struct doctor *doctor)
{
	struct doctor_card cards[DOCTOR_CARDS_MAX];
	uint32_t count = doctor_find_cards(doctor, cards);

	for (uint32_t c = 0; c < count; c++)
		if (!is_shared(&cards[c]) && !is_uio(&cards[c]))
			return true;
	doctor_ok(doctor, "no port needs vfio");
	return false;
}

static void check_driver(struct doctor *doctor, const struct doctor_card *card)
{
	if (!card->there) {
		doctor_wrong(doctor, "%s: there is no card %s", card->port, card->address);
		doctor_mend(doctor, "lspci -D | grep -i ethernet; then name one of them in %s",
			doctor->file);
	} else if (is_shared(card)) {
		doctor_ok(doctor, "%s: %s stays with %s, beside which DPDK works", card->port,
			card->address, card->driver);
	} else if (strcmp(card->driver, "vfio-pci") == 0) {
		doctor_ok(doctor, "%s: %s is bound to vfio-pci", card->port, card->address);
	} else if (is_uio(card)) {
		doctor_ok(doctor, "%s: %s is bound to %s, which no IOMMU guards", card->port,
			card->address, card->driver);
	} else {
		doctor_wrong(doctor, "%s: %s is bound to %s, not to vfio-pci", card->port,
			card->address, card->driver[0] != '\0' ? card->driver : "no driver");
		doctor_mend(doctor, "driverctl set-override %s vfio-pci", card->address);
	}
}

void doctor_check_card(struct doctor *doctor)
{
	struct doctor_card cards[DOCTOR_CARDS_MAX];
	uint32_t count = doctor_find_cards(doctor, cards);

	for (uint32_t c = 0; c < count; c++)
		check_driver(doctor, &cards[c]);
	if (count == 0)
		doctor_ok(doctor, "no port is a card");
}

// Bridges of PCI Express stay with their driver.
static bool is_viable_driver(const char *driver)
{
	return driver[0] == '\0' || strcmp(driver, "vfio-pci") == 0 ||
	       strcmp(driver, "pcieport") == 0 || strcmp(driver, "pci-stub") == 0;
}

// Whether the rest of a card's group is free, too; adds a row for each that is not.
static bool group_is_free(struct doctor *doctor, const struct doctor_card *card)
{
	char path[DOCTOR_PATH_SIZE], driver[32];
	const struct dirent *entry;
	bool is_free = true;
	DIR *group;

	doctor_path(doctor, path, PCI "%s/iommu_group/devices", card->address);
	group = opendir(path);
	while (group != NULL && (entry = readdir(group)) != NULL) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, card->address) == 0)
			continue;
		snprintf(path, sizeof(path), PCI "%.32s/driver", entry->d_name);
		doctor_link(doctor, path, driver, sizeof(driver));
		if (is_viable_driver(driver))
			continue;
		is_free = false;
		doctor_wrong(doctor, "%s shares its group with %s, which %s has", card->address,
			entry->d_name, driver);
		doctor_mend(doctor, "driverctl set-override %s vfio-pci", entry->d_name);
	}
	if (group != NULL)
		closedir(group);
	return is_free;
}

void doctor_check_group(struct doctor *doctor)
{
	struct doctor_card cards[DOCTOR_CARDS_MAX];
	uint32_t count = doctor_find_cards(doctor, cards);
	bool is_free = true;

	if (!doctor_wants_vfio(doctor))
		return;
	for (uint32_t c = 0; c < count; c++)
		if (!is_shared(&cards[c]) && !is_uio(&cards[c]))
			is_free &= group_is_free(doctor, &cards[c]);
	if (is_free)
		doctor_ok(doctor, "no card shares its group with one that the kernel has");
}

static uint32_t count_groups(const struct doctor *doctor)
{
	char pattern[DOCTOR_PATH_SIZE];
	glob_t found = {0};
	uint32_t count;

	doctor_path(doctor, pattern, "/sys/kernel/iommu_groups/*");
	glob(pattern, 0, NULL, &found);
	count = (uint32_t)found.gl_pathc;
	globfree(&found);
	return count;
}

static bool is_amd(const struct doctor *doctor)
{
	char path[DOCTOR_PATH_SIZE], line[256];
	bool found = false;
	FILE *file;

	doctor_path(doctor, path, "/proc/cpuinfo");
	file = fopen(path, "re");
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = strstr(line, "AuthenticAMD") != NULL;
	if (file != NULL)
		fclose(file);
	return found;
}

void doctor_check_iommu(struct doctor *doctor)
{
	uint32_t groups = count_groups(doctor);
	char unsafe[8];

	if (!doctor_wants_vfio(doctor))
		return;
	doctor_read(doctor, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", unsafe,
		sizeof(unsafe));
	if (groups > 0 && unsafe[0] != 'Y') {
		doctor_ok(doctor, "on, %u group(s)", groups);
	} else if (groups > 0) {
		doctor_wrong(doctor, "on, but vfio may do without it: unsafe no-IOMMU mode");
		doctor_mend(
			doctor, "echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	} else {
		doctor_wrong(doctor, "%s; %s in the BIOS first",
			unsafe[0] == 'Y' ? "none: vfio is in its unsafe no-IOMMU mode"
					 : "none that the kernel uses",
			is_amd(doctor) ? "AMD-Vi (IOMMU)" : "VT-d");
		doctor_mend_at_boot(doctor,
			is_amd(doctor) ? "amd_iommu=on iommu=pt" : "intel_iommu=on iommu=pt");
	}
}

void doctor_check_vfio(struct doctor *doctor)
{
	if (!doctor_wants_vfio(doctor))
		return;
	if (doctor_there(doctor, "/sys/bus/pci/drivers/vfio-pci") ||
		doctor_there(doctor, "/sys/module/vfio_pci")) {
		doctor_ok(doctor, "the kernel has it");
		return;
	}
	doctor_wrong(doctor, "it is not loaded");
	doctor_mend(doctor,
		"modprobe vfio-pci && echo vfio-pci > /etc/modules-load.d/fulcrum-vfio.conf");
}

// The row for a card and workers of another node; false where there is nothing to say.
static bool cores_are_far(struct doctor *doctor, const struct doctor_card *card, int node)
{
	char path[DOCTOR_PATH_SIZE], far_text[256], near_text[256];
	cpu_set_t workers, near_cores, far;

	doctor_workers(doctor, &workers);
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
	if (!doctor_cores(doctor, path, &near_cores))
		return false;
	CPU_AND(&far, &workers, &near_cores);
	CPU_XOR(&far, &workers, &far);
	if (CPU_COUNT(&far) == 0)
		return false;
	doctor_wrong(doctor, "%s: %s is at node %d, its worker cores %s are not", card->port,
		card->address, node, doctor_cores_text(&far, far_text, sizeof(far_text)));
	doctor_mend(doctor, "in %s take workers: {cores: [...]} from %s", doctor->file,
		doctor_cores_text(&near_cores, near_text, sizeof(near_text)));
	return true;
}

void doctor_check_card_node(struct doctor *doctor)
{
	struct doctor_card cards[DOCTOR_CARDS_MAX];
	uint32_t count = doctor_find_cards(doctor, cards);
	char path[DOCTOR_PATH_SIZE];
	bool is_far = false;

	for (uint32_t c = 0; c < count; c++) {
		uint64_t node;

		snprintf(path, sizeof(path), PCI "%.15s/numa_node", cards[c].address);
		if (doctor_number(doctor, path, &node) && (int64_t)node >= 0)
			is_far |= cores_are_far(doctor, &cards[c], (int)node);
	}
	if (!is_far)
		doctor_ok(doctor, "no card is at another node than its workers");
}
