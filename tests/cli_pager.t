#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Long output through a pager, on a terminal that python3 makes.

. tests/tap.sh
command -v python3 >/dev/null || {
    echo '1..0 # SKIP no python3 here'
    exit 0
}
unset NO_COLOR PAGER NIGHTSHIFT_PAGER LESS COLUMNS
cat >dusk.yaml <<'END'
name: dusk
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, -c, 'echo "val_loss: $1.$2"', sh, "{layers}", "{seed}"], timeout: 20s}
parameters:
  layers: {distribution: int_uniform, min: 0, max: 2, start: 0}
search: {strategy: grid}
run_cap: 2
END
run 0 'the study runs' nightshift run -q dusk.yaml

# on_terminal COMMAND…: what it shows on a terminal of 100 columns, its status in `status`.
cat >terminal.py <<'END'
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 100, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
shown = b''
try:
    while part := os.read(fd, 65536):
        shown += part
except OSError:
    pass
open('out', 'wb').write(shown.replace(b'\r\n', b'\n'))
open('status', 'w').write(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
END
on_terminal() { TERM=xterm timeout 30 python3 terminal.py "$@" 2>err </dev/null; }

printf '#!/bin/sh\nsed "s/^/paged$1: /"\n' >page
chmod +x page
PATH=$work:$PATH
PAGER='page 1'
export PAGER
on_terminal nightshift log
grep -q '^paged1: id  decision' out && grep -q "paged1: $(printf '\033')\[32m *1  + keep" out && [ "$(cat status)" = 0 ]
ok $? 'log goes through the pager, its words as they stand, colours and all'
on_terminal nightshift log --no-pager
grep -q '^id  decision' out
ok $? 'log --no-pager: not'
NIGHTSHIFT_PAGER='page 2' on_terminal nightshift show 1
grep -q '^paged2: ' out && ! grep -q '^[^p]' out
ok $? 'NIGHTSHIFT_PAGER comes before PAGER'
NIGHTSHIFT_PAGER='' on_terminal nightshift show 1
! grep -q '^paged' out && [ -s out ]
ok $? 'an empty one is none'
TERM=dumb timeout 30 python3 terminal.py nightshift log 2>err </dev/null
grep -q '^id  decision' out
ok $? 'and so it is on a terminal that can do nothing'
on_terminal nightshift status
grep -q '^dusk: not running' out
ok $? 'what is short by its nature is not paged'
NIGHTSHIFT_PAGER='no-such-pager-here' on_terminal nightshift log
grep -q '^id  decision' out && [ "$(cat status)" = 0 ]
ok $? 'a pager that is not there is done without'
on_terminal nightshift show 99
grep -q 'there is no experiment 99' out && [ "$(cat status)" = 2 ]
ok $? 'the exit status and the error are those of the command'
run 0 'log in a pipe' nightshift log
grep -q '^id  decision' out
ok $? 'is never paged'
done_testing
