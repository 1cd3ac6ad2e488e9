#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The report over HTTP, by requests that are written out byte by byte, and in a browser.

. tests/tap.sh
command -v python3 >/dev/null || {
    echo '1..0 # SKIP no python3 here'
    exit 0
}
TMPDIR=$work
export TMPDIR
cat >trainer.sh <<'END'
#!/bin/sh
echo "val_loss: $((3 - $2)).$1"
END
chmod +x trainer.sh
cat >dusk.yaml <<'END'
name: dusk
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [./trainer.sh, "{seed}", "{layers}"], timeout: 20s}
parameters:
  layers: {distribution: int_uniform, min: 0, max: 8, start: 0}
search: {strategy: grid}
run_cap: 2
END

server= browser=
finish()
{
    for pid in $server $browser; do
        kill "$pid" 2>/dev/null
    done
    wait
    rm -rf "$work"
}
trap finish EXIT

refused 2 'has not been run yet' 'a study that was never run has no report' nightshift serve dusk.yaml
run 0 'the study runs' nightshift run -q dusk.yaml
refused 2 'is no port' 'a port is a number' nightshift serve dusk.yaml --port 65536
mkdir alone && cp "$(command -v nightshift)" alone
refused 3 "'nightshift-serve' is neither" 'without the program that knows HTTP it says so' \
    env PATH=/usr/bin:/bin alone/nightshift serve dusk.yaml
rm -r alone
refused 2 'a token has' 'a short token is refused' nightshift serve dusk.yaml --token abc

nightshift serve dusk.yaml >address 2>talk &
server=$!
await 50 [ -s address ]
grep -qxE 'http://127\.0\.0\.1:[0-9]+/\?token=[0-9a-f]{32}' address
ok $? 'it prints its address, with a secret word'
port=$(sed 's/.*:\([0-9]*\).*/\1/' address)
token=$(sed 's/.*=//' address)
cookie="nightshift-$port=$token"
python3 - "$port" <<'END' 2>err
import os, socket, sys
want = '0100007F:%04X' % int(sys.argv[1])
lines = [l.split() for l in open('/proc/net/tcp')][1:]
mine = [l[1] for l in lines if l[3] == '0A' and l[1].endswith(want[8:])]
six = [l.split()[1] for l in open('/proc/net/tcp6') if want[8:] in l] if os.path.exists('/proc/net/tcp6') else []
sys.exit(0 if mine == [want] and not six else 1)
END
ok $? 'it listens on 127.0.0.1 alone'

# raw.py PORT BYTES [SECONDS [TEXT]]: what comes back for a request, its head in `head`, its body in
# `out`: all of it, or until TEXT has come.
cat >raw.py <<'END'
import socket, sys, time
port, request = int(sys.argv[1]), sys.argv[2].encode().decode('unicode_escape').encode('latin-1')
s = socket.create_connection(('127.0.0.1', port), 10)
end = time.monotonic() + (float(sys.argv[3]) if len(sys.argv) > 3 else 10)
until = sys.argv[4].encode() if len(sys.argv) > 4 else None
got = b''
try:
    s.sendall(request)
    while time.monotonic() < end and (until is None or until not in got):
        s.settimeout(max(0.01, end - time.monotonic()))
        part = s.recv(65536)
        if not part:
            break
        got += part
except (socket.timeout, ConnectionError):
    pass
head, _, body = got.partition(b'\r\n\r\n')
open('head', 'wb').write(head + b'\n')
open('out', 'wb').write(body)
END
# ask METHOD PATH HEADER…
ask()
{
    text="$1 $2 HTTP/1.1\r\n"
    shift 2
    for h; do text="$text$h\r\n"; done
    python3 raw.py "$port" "${text}Connection: close\r\n\r\n" 2>err
}
answers() { head -1 head | grep -q "^HTTP/1.1 $1 "; }
host="Host: 127.0.0.1:$port"

ask GET "/?token=$token" "$host"
answers 303 && grep -qi '^location: /' head && grep -qi "^set-cookie: $cookie; .*httponly.*samesite=strict" head
ok $? 'the right word gives a cookie, and the address without it'
ask GET / "$host" "Cookie: other=1; $cookie"
answers 200 && grep -q '<iframe id="report" src="report.html"' out &&
    grep -qi "^content-security-policy: default-src 'none'; script-src 'sha256-" head
ok $? 'the cookie opens the page, whose policy allows its own script alone'
script=$(python3 -c "
import base64, hashlib, re
body = open('out').read()
print(base64.b64encode(hashlib.sha256(re.search('<script>(.*)</script>', body, re.S).group(1).encode()).digest()).decode())")
grep -qF "'sha256-$script'" head && ! grep -qiE ' on[a-z]+="' out
ok $? 'by its hash; no handlers stand in the markup'
ask GET /report.html "Host: LOCALHOST:$port" "Cookie: $cookie" "Origin: http://localhost:$port"
answers 200 && cmp -s out runs/dusk/report/report.html
ok $? 'report.html is what the report command writes, byte for byte'
ask GET /REPORT.md "$host" "Cookie: $cookie"
answers 200 && cmp -s out runs/dusk/report/REPORT.md
ok $? 'and so is REPORT.md'
same=0
for csv in runs/dusk/report/data/*.csv; do
    ask GET "/data/${csv##*/}" "$host" "Cookie: $cookie"
    answers 200 && grep -qi '^content-type: text/csv' head && cmp -s out "$csv" || same=1
done
[ $same -eq 0 ] && [ -e "$csv" ]
ok $? 'and the numbers behind each chart'
ask HEAD /report.html "$host" "Cookie: $cookie"
answers 200 && [ ! -s out ] && grep -qi '^cache-control: no-store' head && grep -qi '^x-content-type-options: nosniff' head
ok $? 'HEAD: the head alone'

# denied STATUS NAME METHOD PATH HEADER…
denied()
{
    status=$1 name=$2
    shift 2
    ask "$@"
    answers "$status" && ! grep -q dusk out && ! grep -qi '^set-cookie' head
    ok $? "$name"
}
denied 403 'no word, no page' GET / "$host"
denied 403 'a wrong word' GET "/?token=${token%?}x" "$host"
denied 403 'an empty word' GET "/?token=" "$host" "Cookie: $cookie"
denied 403 'a wrong cookie' GET / "$host" "Cookie: nightshift-$port=${token}0"
denied 403 'the cookie of another port' GET / "$host" "Cookie: nightshift-1=$token"
denied 421 'the name of a stranger that leads here' GET / "Host: evil.example:$port" "Cookie: $cookie"
denied 421 'another port' GET / 'Host: 127.0.0.1:1' "Cookie: $cookie"
denied 421 'no host' GET / "Cookie: $cookie"
denied 403 'another page' GET / "$host" "Cookie: $cookie" 'Origin: http://evil.example'
denied 403 'a page of a file' GET / "$host" "Cookie: $cookie" 'Origin: null'
denied 403 'the other page, with the right word' GET "/?token=$token" "$host" "Origin: https://127.0.0.1:$port"
for method in POST PUT DELETE OPTIONS PATCH; do
    denied 405 "$method" $method / "$host" "Cookie: $cookie"
done
for path in /../study.db /data/../../../study.db /data/%2e%2e/REPORT.md /data/..%2f..%2fpasswd //etc/passwd \
    /data/ /data /report.html/ /report.html%00.csv /figures/history.svg /study.db; do
    denied 404 "not there: $path" GET "$path" "$host" "Cookie: $cookie"
done
python3 raw.py "$port" "GET / HTTP/1.1\r\n$host\r\nCookie: $(python3 -c 'print("a" * 40000)')\r\n\r\n" 2>err
! answers 200
ok $? 'a head of 40 kB is not read'
python3 raw.py "$port" 'nonsense\r\n\r\n' 3 2>err
! answers 200
ok $? 'nonsense'
kill -0 "$server"
ok $? 'all of that has done no harm'

python3 raw.py "$port" "GET /events HTTP/1.1\r\n$host\r\nCookie: $cookie\r\n\r\n" 60 'event: changed' 2>err &
listener=$!
sleep 3
nightshift run -q dusk.yaml --experiments 3 >talk2 2>&1
wait $listener
answers 200 && grep -qi '^content-type: text/event-stream' head && grep -q '^event: changed' out
ok $? 'who listens is told when a decision falls'
ask GET /report.html "$host" "Cookie: $cookie"
answers 200 && cmp -s out runs/dusk/report/report.html
ok $? 'and the report is the new one'

if [ -n "${BROWSER:-}" ] && command -v chromium >/dev/null; then
    : >out # at once: a report stands there, and the shell in the background may take its time
    python3 "$tests/browser.py" "$(cat address)" state live renewed >out 2>err &
    browser=$!
    while kill -0 $browser 2>/dev/null && ! grep -q live out; do
        sleep 0.2
    done
    nightshift run -q dusk.yaml --experiments 4 >talk2 2>&1
    wait $browser
    status=$?
    browser=
    ok $status 'a browser shows it and renews it when a decision falls, without a word of complaint'
else
    tap_n=$((tap_n + 1))
    echo "ok $tap_n # SKIP a browser: no chromium here, or left to tests/slow_serve.t"
fi

run 3 'a port that is taken' nightshift serve dusk.yaml --port "$port"
kill -TERM "$server"
wait "$server"
status=$?
server=
[ $status -eq 0 ] && ! ls -d "$work"/nightshift-serve-* 2>err >out
ok $? 'TERM ends it, and it leaves nothing behind'

# As a terminal's second Ctrl-C, or a shell that ends a whole group after its leader; one comes when
# there is little left to be done, so more than once.
ends() { read -r _ _ state _ <"/proc/$server/stat" && [ "$state" = Z ]; }
failed=0
for time in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    rm -f address
    nightshift serve dusk.yaml >address 2>talk &
    server=$!
    await 50 [ -s address ]
    kill -INT "$server"
    while kill -TERM "$server" && ! ends; do :; done 2>err
    wait "$server" || failed=$((failed + 1))
    server=
done
[ $failed -eq 0 ] && ! ls -d "$work"/nightshift-serve-* 2>err >out
ok $? 'so do signals that go on until it has ended'
done_testing
