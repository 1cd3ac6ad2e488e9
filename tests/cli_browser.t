# SPDX-License-Identifier: GPL-3.0-or-later
# report.html in a real browser (Debian's chromium, headless): its charts are drawn, nothing is said
# on the console, nothing is asked for, and text from outside stays text.

. tests/tap.sh

if ! command -v chromium >/dev/null; then
    echo "1..0 # SKIP there is no chromium here"
    exit 0
fi
if [ ! -s "$build/chart_script.js" ]; then
    echo "1..0 # SKIP built without libjs-vega: a report has no live charts"
    exit 0
fi

# browse NAME PAGE OPTION…: the page's elements in NAME.dom, what was said in NAME.log, what was
# asked of the net in NAME.net.
browse()
{
    what=$1 at=$2
    shift 2
    HOME=$work timeout 100 chromium --headless --no-sandbox --disable-gpu --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$work/profile" --virtual-time-budget=10000 --enable-logging=stderr \
        --log-net-log="$work/$what.net" "$@" --dump-dom "file://$at" \
        >"$what.dom" 2>"$what.log" </dev/null
}

# Every text that a user or a trainer may choose is markup that would ask for something.
evil='<img src=https://leak.example.org/x onerror=alert(1)>'
cat >trainer.sh <<END
#!/bin/sh
# trainer.sh CONFIG SEED: a parabola with noise; where x is large it fails, and says something nasty
echo '</pre></code><script>alert(2)</script>$evil'
echo '\`\`\`'
awk -v seed="\$2" '
    BEGIN { RS = "[,{}]" }
    /"x"/ { sub(/.*:/, ""); x = \$0 + 0 }
    END {
        srand(seed); noise = rand() / 50
        if (x > 0.8) { print "<b>bold</b> $evil"; exit 3 }
        for (i = 0; i <= 10; i++)
            printf "{\"progress\": %.1f, \"train_loss\": %.6f}\n", i / 10,
                2 - i / 10 + (x - 0.3) ^ 2 + noise
        printf "{\"val_loss\": %.9f}\n", 1 + (x - 0.3) ^ 2 + noise
    }' "\$1"
END
chmod +x trainer.sh
cat >evil.yaml <<END
name: evil
metric: {name: val_loss, goal: minimize}
trainer: {command: ["$work/trainer.sh", "{config}", "{seed}", "$evil"]}
parameters:
  x: {distribution: uniform, min: 0, max: 1, start: 0.5}
  mode: {values: [plain, "$evil", "</script><script>alert(3)</script>"], start: plain}
search: {strategy: random, seed: 3}
run_cap: 40
jobs: 2
END
for name in 's/name: evil/name: "<b>"/' 's/val_loss/"<b>"/' 's/mode:/"<b>":/'; do
    sed "$name" evil.yaml >refused.yaml
    run 2 "no name can be markup: $name" nightshift check refused.yaml
done
run 0 'a study whose other texts are markup runs' nightshift run evil.yaml
run 0 'and takes a note that is markup too' nightshift note evil.yaml 2 "<script>alert(4)</script>$evil"
run 0 'its report is written' nightshift report evil.yaml
page=$work/runs/evil/report/report.html

browse page "$page"
charts=$(grep -o '<html [^>]*data-charts="[0-9]*"' page.dom | grep -o '[0-9]*"$' | tr -d '"')
[ "${charts:-0}" -ge 6 ]
ok $? "charts are drawn (${charts:-0})"
[ "$(grep -o '<figure [^>]*class="live"' page.dom | wc -l)" -eq "${charts:-0}" ] &&
    [ "$(grep -o '<div class="stage"[^>]*><svg' page.dom | wc -l)" -eq "${charts:-0}" ] &&
    [ "$(grep -o '<path [^>]*transform="translate' page.dom | wc -l)" -ge 100 ]
ok $? 'each in place of its picture, with marks in it'
grep CONSOLE page.log >err
[ ! -s err ]
ok $? 'nothing is said on the console'
: >err
for text in '<img src=https' '<img src="https' '<script>alert' '<b>bold'  'onerror="'; do
    sed 's/<script type="application\/json"[^<]*<\/script>//' page.dom | grep -nF "$text" | cut -c1-200 >>err
done
[ ! -s err ]
ok $? 'no markup of any text became an element'
grep -q '&lt;img src=https://leak.example.org/x' page.dom && grep -q '&lt;b&gt;bold' page.dom &&
    grep -q '<text [^>]*>&lt;img src' page.dom && grep -q '&lt;script&gt;alert(4)' page.dom &&
    grep -q '&lt;script&gt;alert(2)' page.dom
ok $? 'all of it is there to be read: names, values, the note, the end of a log'
# What the browser asks its maker by itself is not the page's.
grep -o '"url":"[a-z]*:[^"]*' page.net | sort -u |
    grep -v '"url":"\(file\|data\|chrome[a-z-]*\|devtools\|about\|blob\):' |
    grep -v '"url":"https*://[a-z0-9.]*\.\(google\|googleapis\|gstatic\)\.com/' >err
grep -o 'leak.example[^"]*' page.net >>err
[ -s page.net ] && [ ! -s err ]
ok $? 'nothing was asked of the net'

# The page's policy knows its script by its hash: another script does not run.
sed 's/^start();$/start();alert(5);/' "$page" >other.html
browse other "$work/other.html"
! cmp -s "$page" other.html && grep -q 'CONSOLE.*Content Security Policy' other.log &&
    ! grep -q '<html [^>]*data-charts=' other.dom && ! grep -q '<div class="stage"' other.dom
ok $? 'a script that was changed is refused by the policy'
[ "$(grep -o '<img src="data:image/svg' other.dom | wc -l)" -ge 6 ]
ok $? 'where no script runs the drawn figures stay'

HOME=$work timeout 100 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
    --virtual-time-budget=5000 --no-pdf-header-footer --print-to-pdf="$work/page.pdf" "file://$page" \
    >out 2>/dev/null </dev/null
[ "$(head -c 5 page.pdf)" = '%PDF-' ] && [ "$(wc -c <page.pdf)" -gt 50000 ]
ok $? 'it can be printed'

done_testing
