#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# fake_queue.pl DIR submit NAME SCRIPT | poll | cancel ID: a queue for tests, without a daemon.  Each
# job is a process of its own in a session of its own; DIR/job.PID holds its name and when that process
# began, since numbers of processes are used again.  Files in DIR make it misbehave:
#   full     submit fails                    down     everything fails
#   deaf     submit takes the job, and fails as if the answer was lost    slow  it starts a second later
#   swift    the job is over before submit is
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

# A job's file appears whole: `poll` of another moment takes one that it cannot read for ended.
sub note    # PID NAME
{
    open(my $job, ">", "$dir/new.$_[0]") or fail("no job");
    print $job "$_[1]\n", began($_[0]) // 0, "\n";
    close($job) && rename("$dir/new.$_[0]", "$dir/job.$_[0]") or fail("no job");
}

sub submit
{
    my ($name, $script) = @_;
    fail("the queue is full") if set("full");
    open(my $log, ">>", "$dir/submitted") or fail("no log");
    print $log "$name\n";
    my $pid = set("eat") ? 0 : begin($script);
    begin($script) if set("twice");
    note($pid, $name) if $pid;
    select(undef, undef, undef, 0.02) while set("swift") && $pid && defined began($pid);
    fail("the answer was lost") if set("deaf");
    print "job $pid is submitted\n";
}

# When a process began, in ticks since boot; undef where there is none, or a zombie.
sub began
{
    open(my $stat, "<", "/proc/$_[0]/stat") or return undef;
    my ($state, @rest) = split " ", <$stat> =~ s/.*\) //sr;
    return $state eq "Z" ? undef : $rest[18];
}

# The name of a job whose process is still there; undef else.
sub name_of    # PID
{
    open(my $job, "<", "$dir/job.$_[0]") or return undef;
    chomp(my ($name, $since) = <$job>);
    my $now = began($_[0]);
    return defined $now && defined $since && $now == $since ? $name : undef;
}

sub list
{
    for my $file (glob "$dir/job.*") {
        my ($pid) = $file =~ /(\d+)$/;
        my $name = name_of($pid);
        if (defined $name) { print "$pid.fake $name\n" }
        else               { unlink $file }
    }
}

sub cancel
{
    my ($pid) = $_[0] =~ /^(\d+)/;
    kill "TERM", $pid if defined name_of($pid);
}

fail("no connection") if set("down");
if    ($what eq "submit") { submit(@rest) }
elsif ($what eq "poll")   { list() }
elsif ($what eq "cancel") { cancel(@rest) }
else                      { fail("'$what'?") }
