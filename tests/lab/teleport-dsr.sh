#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The same cluster on the balancers' own network, by direct server return.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/teleport-rows.sh"

FORWARDING=dsr
teleport_rows
