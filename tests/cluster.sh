# SPDX-License-Identifier: GPL-3.0-or-later
# cluster.sh - a Slurm of two nodes on this machine, for tests: own key, own ports, own folders, on
# the loopback alone, nothing of systemd or /etc.  `. tests/cluster.sh` behind tap.sh.
#
#     cluster_missing     prints what is not installed; nothing where all is there
#     cluster_up          starts it and sets SLURM_CONF; not 0 where it cannot be started
#     cluster_kill_node N the node dies with all that works on it (n1 or n2)
#     cluster_down        ends exactly what was started; also at the end of the test

cluster=
cluster_pids=

cluster_missing()
{
    PATH=$PATH:/usr/sbin:/sbin
    for program in munged munge slurmctld slurmd sbatch squeue scancel sinfo; do
        command -v "$program" >/dev/null || printf ' %s' "$program"
    done
}

# Three ports that nobody listens on now.
cluster_ports()
{
    perl -MIO::Socket::INET -e '
        my @s = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die } 1 .. 3;
        print join(" ", map { $_->sockport } @s), "\n"'
}

cluster_conf() # CONTROLLER NODE1 NODE2
{
    host=$(hostname -s)
    user=$(id -un)
    cat <<END
ClusterName=selftest
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$cluster/munge/sock
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=$1
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool.%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.%n.pid
SlurmctldLogFile=$cluster/log/slurmctld
SlurmdLogFile=$cluster/log/slurmd.%n
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=2
KillWait=2
MessageTimeout=5
MinJobAge=300
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$2 CPUs=8 RealMemory=1000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$3 CPUs=8 RealMemory=1000 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
END
}

cluster_start() # NAME COMMAND…
{
    name=$1
    shift
    "$@" >"$cluster/log/$name.out" 2>&1 </dev/null &
    eval "cluster_$name=$!"
    cluster_pids="$cluster_pids $!"
}

cluster_nodes_idle() { [ "$(sinfo -h -N -p main -o %T 2>/dev/null | grep -c '^idle$')" = 2 ]; }

cluster_wait() # TENTHS COMMAND…
{
    tenths=$1
    shift
    while ! "$@"; do
        tenths=$((tenths - 1))
        [ "$tenths" -gt 0 ] || return 1
        sleep 0.1
    done
}

cluster_up()
{
    PATH=$PATH:/usr/sbin:/sbin
    cluster=$(mktemp -d "${TMPDIR:-/tmp}/nightshift-cluster-XXXXXX") || return 1
    trap 'cluster_down; rm -rf "$work"' EXIT
    chmod 755 "$cluster"
    mkdir "$cluster/state" "$cluster/log" "$cluster/munge" "$cluster/spool.n1" "$cluster/spool.n2"
    chmod 755 "$cluster/munge"
    (umask 077; head -c 32 /dev/urandom >"$cluster/munge/key")
    ports=$(cluster_ports) || return 1
    # shellcheck disable=SC2086
    cluster_conf $ports >"$cluster/slurm.conf"
    SLURM_CONF=$cluster/slurm.conf
    export SLURM_CONF
    force=
    [ "$(id -u)" != 0 ] || force=--force
    cluster_start munged munged $force -F --num-threads=1 --key-file="$cluster/munge/key" \
        --socket="$cluster/munge/sock" --pid-file="$cluster/munge/pid" \
        --log-file="$cluster/munge/log" --seed-file="$cluster/munge/seed"
    cluster_wait 50 test -S "$cluster/munge/sock" || return 1
    cluster_start slurmctld slurmctld -D -c
    cluster_start n1 slurmd -D -N n1
    cluster_start n2 slurmd -D -N n2
    cluster_wait 150 cluster_nodes_idle
}

# The processes of the jobs on a node, and those that Slurm has set over them.
cluster_node_pids() # NODE
{
    perl -e '
        my ($node, $conf) = @ARGV;
        for my $dir (glob "/proc/[0-9]*") {
            open(my $file, "<", "$dir/environ") or next;
            local $/;
            my %has = map { $_ => 1 } split(/\0/, <$file> // "");
            next unless $has{"SLURMD_NODENAME=$node"} && $has{"SLURM_CONF=$conf"};
            my ($pid) = $dir =~ /(\d+)$/;
            open(my $stat, "<", "$dir/stat") or next;
            my ($parent) = <$stat> =~ /\) \S (\d+)/;
            print "$pid\n";
            open(my $name, "<", "/proc/$parent/comm") or next;
            print "$parent\n" if <$name> =~ /^slurmstepd/;
        }' "$1" "$SLURM_CONF"
}

cluster_kill_node() # NODE
{
    eval "daemon=\$cluster_$1"
    pids=$(cluster_node_pids "$1")
    # shellcheck disable=SC2086
    kill -9 "$daemon" $pids 2>/dev/null
    wait "$daemon" 2>/dev/null || true
}

cluster_down()
{
    [ -n "$cluster" ] || return 0
    scancel --user="$(id -un)" >/dev/null 2>&1
    for node in n1 n2; do
        pids=$(cluster_node_pids "$node")
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -9 $pids 2>/dev/null
    done
    # shellcheck disable=SC2086
    kill $cluster_pids 2>/dev/null
    for pid in $cluster_pids; do wait "$pid" 2>/dev/null; done
    rm -rf "$cluster"
    cluster=
}
