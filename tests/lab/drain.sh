#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend is drained under an open download: the download ends byte for byte, nothing new arrives.
. "$(dirname "$0")/lib.sh"

lab_quickstart
head -c 6M /dev/urandom >$LAB/www/big

in_ns client curl -sf --cacert $LAB/tls.crt -D $LAB/headers -o $LAB/got "https://$VIP/files/big" &
download=$!
lab_wait_for "grep -q X-Backend $LAB/headers" 5 "the download begins"
busy=$(sed -n 's/^X-Backend: b\([0-9]\).*/\1/p' $LAB/headers)

lab_check "drain is accepted" ctl backend drain web/web-$busy
lab_check "its state is draining" lab_backend_is web-$busy state draining
lab_check "its health is still up" lab_backend_is web-$busy health up
lab_requests 100 >$LAB/answers
lab_check "every new request is answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 100
lab_check "none by the draining backend" test "$(lab_count "^b$busy$" $LAB/answers)" -eq 0
lab_check "the download was open all along" kill -0 $download
lab_check "the download ends well" wait $download
lab_check "it is the same by checksum" \
	test "$(sha256sum <$LAB/www/big)" = "$(sha256sum <$LAB/got)"

lab_check "undrain is accepted" ctl backend undrain web-$busy
lab_check "its state is active" lab_backend_is web-$busy state active
lab_requests 100 >$LAB/answers
lab_check "it has its share again" test "$(lab_count "^b$busy$" $LAB/answers)" -gt 10
lab_end
