#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The memory that a run says it held is its own.

. tests/tap.sh

perl -e 'print pack("v", $_ * 7 % 61) for 1 .. 9000' >tokens.bin
echo '{"dim": 16, "heads": 2, "seq": 16, "batch": 4, "vocab": 61, "data": "tokens.bin", "steps": 2}' >c.json
peak() { sed -n 's/.*"peak_mib":\([0-9]*\).*/\1/p' out; }

nightshift-lm train --config c.json --out a >out 2>err
own=$(peak)
[ "${own:-0}" -ge 1 ]
ok $? "a run tells the most memory that it held"
# Whoever starts it has held 300 MB; getrusage() would tell those.
perl -e '$x = "x" x 300000000; exec @ARGV' nightshift-lm train --config c.json --out a >out 2>err
[ "$(peak)" -lt "$((own + 50))" ]
ok $? "and nothing of what the program held that started it"

done_testing
