#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The same by AF_XDP.
lab_device=net_af_xdp0,iface=eth0
export LSAN_OPTIONS=suppressions=/run/lab/state/af_xdp.lsan
. "$(dirname "$0")/virtual-machine.sh"
