#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The live view in a terminal: tmux is the terminal.

. tests/tap.sh
unset NO_COLOR LC_ALL LANG TMUX
command -v tmux >/dev/null || {
    echo '1..0 # SKIP no tmux here: apt-get install tmux'
    exit 0
}
locale -a | grep -qix 'c.utf-\{0,1\}8' || {
    echo '1..0 # SKIP no locale C.UTF-8 here'
    exit 0
}

# trainer.sh SEED LAYERS MODE: runs end at once, but good ones of 3 layers.
cat >trainer.sh <<'END'
#!/bin/sh
[ "$3" = bad ] && echo "out of cheese" >&2 && exit 3
if [ "$2" = 3 ]; then
    for i in 1 2 3 4 5 6 7 8 9 10; do
        echo "{\"step\": $i, \"progress\": 0.$((10 + i)), \"val_loss\": $((20 - i))}"
    done
    sleep 60
fi
echo "val_loss: 2.$1"
END
chmod +x trainer.sh
cat >dusk.yaml <<'END'
name: dusk
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [./trainer.sh, "{seed}", "{layers}", "{mode}"], timeout: 90s}
parameters:
  layers: {values: [1, 3], start: 1}
  mode: {values: [good, bad], start: good}
search: {strategy: grid}
hours: 2
run_cap: 4
END

# Everything of ours ends with us: the night, and a tmux server of our own.
tmux() { command tmux -S "$work/socket" -f /dev/null "$@"; }
night=
finish()
{
    tmux kill-server 2>/dev/null
    [ -z "$night" ] || kill "$night" 2>/dev/null
    wait
    rm -rf "$work"
}
trap finish EXIT

screen() { tmux capture-pane -p -t watch >out 2>err; }

# shows NAME WORDS…: within ten seconds the screen has all of the words.
shows()
{
    name=$1
    shift
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        screen
        missing=
        for word; do grep -qF -- "$word" out || missing=$word; done
        [ -n "$missing" ] || break
        sleep 0.5
    done
    [ -z "$missing" ] || { echo "missing: $missing"; head -12 out; } >err
    [ -z "$missing" ]
    ok $? "$name"
}
keys() { tmux send-keys -t watch "$@"; }

nightshift run dusk.yaml >night.out 2>&1 &
night=$!
until nightshift status dusk.yaml --json >status 2>/dev/null && grep -q '"runs_under_way":1' status &&
    grep -q '"failed":1' status; do
    kill -0 "$night" 2>/dev/null || break
    sleep 0.1
done
grep -q '"runs_under_way":1' status
ok $? 'a night goes on'

tmux -u new-session -d -s watch -x 100 -y 30 \
    "LC_ALL=C.UTF-8 nightshift watch dusk.yaml; echo ended \$?; stty -a | tr ' ' '\n' | grep -x -e icanon -e echo; exec cat"
shows 'it shows the study, its run with a bar and a curve, and the decisions' \
    'dusk · running' 'left' '░' '20 %' 'val_loss 10' '█' '[decisions' '+ keep' 'x failed' 'out of cheese'
keys Tab
shows 'tab: the next pane' '[trouble 1]' 'exit 3'
keys '?'
shows '?: the keys' 'the next pane: decisions, trouble, chart'
keys '?' Tab
shows 'and back; the chart' '[chart]'
keys s
shows 's: it only reads, and says what stops a night' 'nightshift stop dusk'
kill -0 "$night"
ok $? 'the night goes on'
tmux resize-window -t watch -x 60 -y 12
sleep 1
shows 'a smaller window is drawn anew' 'dusk · running' '[chart]' 'experiment 3 of 4'
[ "$(LC_ALL=C.UTF-8 wc -L <out)" -le 60 ] && [ "$(wc -l <out)" -le 12 ]
ok $? 'and all of it fits'
tmux resize-window -t watch -x 100 -y 30
kill "$night"
wait "$night"
night=
shows 'it notices that the night has ended' 'dusk · not running' 'nothing runs'
keys q
shows 'q: it ends with 0 and gives the terminal back' 'ended 0' icanon echo
keys C-c C-d
tmux kill-server 2>/dev/null

tmux new-session -d -s watch -x 80 -y 24 \
    "LC_ALL=C NO_COLOR=1 nightshift watch dusk.yaml; echo ended \$?; stty -a | tr ' ' '\n' | grep -x -e icanon -e echo; exec cat"
shows 'in a locale without UTF-8 it is there too' 'dusk | not running'
LC_ALL=C grep -q '[^ -~]' out
[ $? -eq 1 ]
ok $? 'and all of it is ASCII'
tmux capture-pane -e -p -t watch >out
grep -q "$(printf '\033')\[3[0-7]m" out
[ $? -eq 1 ]
ok $? 'NO_COLOR: no colours'
pid=$(ps -o pid= -t "$(tmux display -p -t watch '#{pane_tty}' | sed 's|/dev/||')" | tr -d ' ')
for p in $pid; do grep -qx nightshift "/proc/$p/comm" && kill -TERM "$p"; done
shows 'TERM: it ends by the signal and gives the terminal back' 'ended 143' icanon echo
done_testing
