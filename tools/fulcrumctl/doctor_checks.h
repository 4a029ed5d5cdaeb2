// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_DOCTOR_CHECKS_H
#define FULCRUMCTL_DOCTOR_CHECKS_H

#include "doctor.h"

// What doctor_checks.c lists; each adds one row or more.

typedef void doctor_check_fn(struct doctor *doctor);

// doctor_file.c
doctor_check_fn doctor_check_file, doctor_check_user, doctor_check_state, doctor_check_channel;
// doctor_cards.c
doctor_check_fn doctor_check_card, doctor_check_group, doctor_check_iommu, doctor_check_vfio,
	doctor_check_memlock, doctor_check_card_node;
// doctor_interfaces.c
doctor_check_fn doctor_check_interface, doctor_check_kernel_side, doctor_check_checksums;
// doctor_memory.c
doctor_check_fn doctor_check_hugepages, doctor_check_hugepage_nodes,
	doctor_check_transparent_hugepages;
// doctor_cores.c
doctor_check_fn doctor_check_cores, doctor_check_control_core, doctor_check_siblings,
	doctor_check_isolated, doctor_check_nohz, doctor_check_governor;
// doctor_kernel.c
doctor_check_fn doctor_check_clocksource, doctor_check_clock, doctor_check_tun,
	doctor_check_vhost_net, doctor_check_rp_filter;
// doctor_daemon.c
doctor_check_fn doctor_check_daemon, doctor_check_dpdk, doctor_check_workers, doctor_check_queues,
	doctor_check_rss, doctor_check_link;

#endif
