#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What fulcrumctl explain says of an open download is where it is, before its backend is drained and
# after.
. "$(dirname "$0")/lib.sh"

lab_quickstart
head -c 6M /dev/urandom >$LAB/www/big
lab_download big
busy=${lab_server#b}

# The download's own connection, as the flow table has it.
client=$(ctl flows --backend web/web-$busy -o json |
	python3 -c 'import json, sys; f = json.load(sys.stdin)["flows"][-1]; print(f["client"], f["client_port"], sep=":")')
vip=$(ctl show services -o json |
	python3 -c 'import json, sys; s = json.load(sys.stdin)[0]; print(s["vip"], s["port_first"], sep=":")')

lab_explains() { # field value [option...]
	local field=$1 value=$2
	shift 2
	ctl explain tcp $client $vip -o json "$@" | python3 -c '
import json, sys
worker = json.load(sys.stdin)["workers"][0]
sys.exit(str(worker[sys.argv[1]]) != sys.argv[2])' "$field" "$value"
}

lab_check "the worker knows the flow" lab_explains known True
lab_check "it is where the download is" lab_explains backend web-$busy
lab_check "a drain is accepted" ctl backend drain web/web-$busy
lab_check "the connection stays" lab_explains backend web-$busy
lab_check "and the backend is told to be draining" lab_explains state draining
lab_check "a SYN of the same flow goes where its flow is" lab_explains backend web-$busy --syn
known=$client client=${client%:*}:9
lab_check "a new connection would not go there" eval "! lab_explains backend web-$busy --syn"
client=$known
lab_check "people can read it" eval "ctl explain tcp $client $vip | grep -q 'knows the flow: established'"
lab_check "a VIP without that port is a drop" \
	eval "ctl explain udp $client ${vip%:*}:9 | grep -q no_service"
lab_check "the download ends well" lab_download_end
lab_end
