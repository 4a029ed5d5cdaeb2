#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend is drained under an open download: the download ends byte for byte, nothing new arrives.
. "$(dirname "$0")/lib.sh"

lab_quickstart
head -c 6M /dev/urandom >$LAB/www/big

lab_download big
busy=${lab_server#b}

lab_check "drain is accepted" ctl backend drain web/web-$busy
lab_check "its state is draining" lab_backend_is web-$busy state draining
lab_check "its health is still up" lab_backend_is web-$busy health up
lab_requests 100 >$LAB/answers
lab_check "every new request is answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 100
lab_check "none by the draining backend" test "$(lab_count "^b$busy$" $LAB/answers)" -eq 0
lab_check "the download was open all along" kill -0 $lab_download_pid
lab_check "the download ends well" lab_download_end
lab_check "it is the same by checksum" \
	test "$(sha256sum <$LAB/www/big)" = "$(sha256sum <$LAB/got)"

lab_check "undrain is accepted" ctl backend undrain web-$busy
lab_check "its state is active" lab_backend_is web-$busy state active
lab_requests 100 >$LAB/answers
lab_check "it has its share again" test "$(lab_count "^b$busy$" $LAB/answers)" -gt 10
lab_end
