#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# 200 steps of the real program beside 200 steps of PyTorch: the same tokens, the same sequences in
# each step, the same starting weights.  tests/golden/adamw-200/make.py wrote PyTorch's side.

. tests/tap.sh
golden=$tests/golden/adamw-200
cp "$golden/config.json" c.json
golden_value() { sed -n "s/^# $1	//p" "$golden/curve.tsv"; }

perl -e 'my $t = 0; my $r = 1;
    for (1 .. 20000) { $r = ($r * 1103515245 + 12345) % 2147483648;
        $t = $r % 1024 < 256 ? int($r / 1024) % 97 : (3 * $t + 1) % 97; print pack("v", $t) }' >tokens.bin
[ "$(sha256sum <tokens.bin)" = "$(golden_value tokens)  -" ]
ok $? "the tokens are those of the PyTorch run"
sed 's/"lr": 0.01/"lr": 0/; s/"steps": 200/"steps": 1/' c.json >start.json
nightshift-lm train --config start.json --seed 7 --out start >out 2>err
perl -e 'local $/; my $f = <STDIN>; print substr($f, 8 + unpack("Q<", $f))' \
    <start/model.safetensors >numbers
[ "$(sha256sum <numbers)" = "$(golden_value start)  -" ]
ok $? "the starting weights are those of the PyTorch run (else: golden/adamw-200/make.py)"

nightshift-lm train --config c.json --seed 7 --out run >out 2>err
ok $? "200 steps"

# compare NAME COLUMN LIMIT: the largest |ours - theirs| over all steps, relative to max(1, |theirs|).
compare()
{
    perl -e 'my ($name, $column, $limit, $ours, $golden) = @ARGV; my ($n, $most, $where) = (0, 0, 0);
        open(my $o, "<", $ours) or die; open(my $g, "<", $golden) or die; my @ours;
        while (<$o>) { push @ours, $1 if /"train_loss"/ && /"$name":([-0-9.e]+)/ }
        while (<$g>) { next if /^#/; my $theirs = (split /\t/)[$column];
            my $scale = abs($theirs) > 1 ? abs($theirs) : 1;
            my $off = abs($ours[$n++] - $theirs) / $scale; ($most, $where) = ($off, $n) if $off > $most; }
        print "$name: off by $most at most, at step $where of $n\n";
        exit !($n == 200 && @ours == 200 && $most <= $limit)' "$1" "$2" "$3" out "$golden/curve.tsv" >err
}
# Float and double part by rounding alone, and PyTorch in float32 is 4e-7 from itself in float64:
# the limits are loose for that, and far below what any other formula does.
compare train_loss 1 1e-5
ok $? "the loss of every step is PyTorch's, within 1e-5"
sed 's/^/# /' err
compare grad_norm 2 1e-4
ok $? "so is the norm of every gradient, within 1e-4"
sed 's/^/# /' err
compare lr 3 1e-9
ok $? "and the learning rate, within 1e-9"
perl -e 'my ($theirs) = @ARGV; my ($last) = <STDIN> =~ /"val_loss":([-0-9.e]+)/;
    exit !(abs($last - $theirs) <= 1e-5)' "$(golden_value val_loss)" <<END
$(tail -n 1 out)
END
ok $? "and the validation loss of the last weights, within 1e-5"

# What the comparison would see: each part of the recipe left out alone.
for part in 's/"weight_decay": 0.3/"weight_decay": 0/' 's/"clip": 0.6/"clip": 0/' \
    's/"cosine"/"linear"/' 's/"warmup": 0.1/"warmup": 0/' 's/"kv_heads": 2/"kv_heads": 6/' \
    's/"tied": true/"tied": false/' 's/"beta2": 0.95/"beta2": 0.96/' 's/"matrices"/"all"/'; do
    sed "$part" "$golden/config.json" >c.json
    nightshift-lm train --config c.json --seed 7 --out other >out 2>err
    ! compare train_loss 1 1e-3 && sed 's/^/# /' err
    ok $? "another recipe is seen: $part"
done

done_testing
