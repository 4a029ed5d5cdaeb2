#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A tool stops while it has the channel's lock, backends are hostile to a TLS probe, 60,000 backends
# are scraped by many, the log's reader stalls; and a backend dies meanwhile.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/faults.sh"

with_many() {
	lab_config
	echo 'backends_max: 65536' >>$LAB/fulcrumd.yaml
	fault_log_pipe
}

fault_lab with_many
fault_course tool "tool stopped with the lock"
fault_course tls "hostile TLS"
fault_course scraped "60,000 backends scraped"
fault_course log_stalled "log's reader stalled"
fault_table
