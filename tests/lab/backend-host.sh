# SPDX-License-Identifier: BSD-3-Clause
# For stories of a backend host alone on a cable, without a balancer. Sourced after lib.sh.
#
#   peer 10.9.0.1, fd00:9::1 --- 10.9.0.2, fd00:9::2 host

lab_backend_host() {
	lab_begin
	lab_namespace peer
	lab_namespace host
	lab_cable peer eth0 host eth0
	ip -n peer addr add 10.9.0.1/24 dev eth0
	ip -n peer addr add fd00:9::1/64 dev eth0 nodad
	ip -n host addr add 10.9.0.2/24 dev eth0
	ip -n host addr add fd00:9::2/64 dev eth0 nodad
}

# lab_backend_serve PORT...: the host's agent by $LAB/backend.yaml, and behind it a server on those
# ports, ready.
lab_backend_serve() {
	lab_start agent-host host "$fulcrum_backend" -c $LAB/backend.yaml
	lab_wait_for "grep -q ready $LAB/agent-host.log" 10 "the agent"
	lab_start server host python3 "$lab_root/tests/lab/backend_server.py" "$@"
	lab_wait_for "grep -q listening $LAB/server.log" 10 "the server"
}
