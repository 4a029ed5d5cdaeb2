#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The same by AF_XDP.
lab_device=net_af_xdp0,iface=eth0
LSAN_OPTIONS=suppressions=$(realpath "$(dirname "$0")/af_xdp.lsan")
export LSAN_OPTIONS
. "$(dirname "$0")/virtual-machine.sh"
