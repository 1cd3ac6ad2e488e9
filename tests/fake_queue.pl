#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# fake_queue.pl DIR submit NAME SCRIPT | poll | cancel ID: a queue for tests, without a daemon.  Each
# job is a process of its own in a session of its own; DIR/ID holds "PID NAME".  Files in DIR make
# it misbehave:
#   full     submit fails                    down     everything fails
#   deaf     submit takes the job, and fails as if the answer was lost    slow  it starts a second later
#   twice    each job is started twice       eat      jobs vanish without having run
# DIR/submitted has a line for each job that was taken.
use strict;
use warnings;
use POSIX qw(setsid);

my ($dir, $what, @rest) = @ARGV;

sub fail { print STDERR "fake_queue: $_[0]\n"; exit 1 }
sub set { -e "$dir/$_[0]" }

sub begin    # SCRIPT: its pid
{
    my $pid = fork // fail("cannot fork");
    return $pid if $pid;
    setsid();
    open(STDIN,  "<", "/dev/null");
    open(STDOUT, ">", "/dev/null");
    open(STDERR, ">", "/dev/null");
    sleep 1 if set("slow");
    exec "/bin/sh", $_[0] or exit 127;
}

sub submit
{
    my ($name, $script) = @_;
    fail("the queue is full") if set("full");
    open(my $log, ">>", "$dir/submitted") or fail("no log");
    print $log "$name\n";
    my $pid = set("eat") ? 0 : begin($script);
    begin($script) if set("twice");
    if ($pid) {
        open(my $job, ">", "$dir/job.$pid") or fail("no job");
        print $job "$name\n";
    }
    fail("the answer was lost") if set("deaf");
    print "job $pid is submitted\n";
}

# A job is there while its process is; a zombie is none.
sub lives
{
    open(my $stat, "<", "/proc/$_[0]/stat") or return 0;
    return <$stat> !~ /\) Z/;
}

sub list
{
    for my $file (glob "$dir/job.*") {
        my ($pid) = $file =~ /(\d+)$/;
        if (!lives($pid)) { unlink $file; next }
        open(my $job, "<", $file) or next;
        my $name = <$job>;
        print "$pid.fake $name";
    }
}

fail("no connection") if set("down");
if    ($what eq "submit") { submit(@rest) }
elsif ($what eq "poll")   { list() }
elsif ($what eq "cancel") { my ($pid) = $rest[0] =~ /^(\d+)/; kill "TERM", $pid }
else                      { fail("'$what'?") }
