#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A Teleport cluster of real servers behind two balancers, all from one file: every port by its real
# client, through tunnels, TLS routing off and on. The certificate is the backend's, the client's
# address is the client's.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/teleport-rows.sh"

teleport_rows
