# fish completion for iptraf-ts
complete -c iptraf-ts -f
function __iptraf_ts_called
  set -l before (commandline -opc)
  test "$before[2..-1]" = "$argv"
end
function __iptraf_ts_behind
  set -l before (commandline -opc)
  test (count $before) -gt 1; and contains -- "$before[2]" $argv
end
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s i -d 'IP traffic: every conversation with its rates; IF is a name, a pattern (veth*), an address or network that the interface holds or routes, or a container network; several may follow; without one, the interface of the default route'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop; and __fish_prev_arg_in -i' -a "all (ls /sys/class/net)"
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s g -d 'general interface statistics: every interface, what it carries and what the kernel counted'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s d -d 'detailed interface statistics: protocols, rates and their history'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop; and __fish_prev_arg_in -d' -a "all (ls /sys/class/net)"
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s z -d 'packets by size, in and out'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop; and __fish_prev_arg_in -z' -a "all (ls /sys/class/net)"
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s s -d 'TCP and UDP traffic by service port'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop; and __fish_prev_arg_in -s' -a "all (ls /sys/class/net)"
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l pairs -d 'pairs of hosts: what they send each other, averages over 2, 10 and 40 s'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop; and __fish_prev_arg_in --pairs' -a "all (ls /sys/class/net)"
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s l -d 'stations on the local network by hardware address'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop; and __fish_prev_arg_in -l' -a "all (ls /sys/class/net)"
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s r -r -F -d 'read a capture file (pcap or pcapng, also gzip) or standard input instead of an interface'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s w -r -F -d 'write what passes --filter and --bpf to FILE as pcapng'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l bpf -x -d 'count only what this capture expression selects (pcap-filter(7)), live and from files'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l filter -x -a "(iptraf-ts filter names 2>/dev/null)" -d 'count only what this filter lets through (filter list names them all); together with --bpf, what passes both'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l local -x -d 'networks that are ours, with commas or repeated: they tell a filter what comes in and goes out where the capture does not (files, mirror ports)'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l capture -x -a "auto ring pcap" -d 'capture through the packet ring (ring), through libpcap (pcap), or through libpcap only where the ring does not work (auto): auto, ring or pcap'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l snaplen -x -d 'bytes kept of each packet'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l promiscuous -d 'also take packets that are addressed to other stations'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l physical -d 'with all: only interfaces that sit on no other'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l text -d 'print text, also on a terminal'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l json -d 'print one JSON object a line'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l csv -d 'print comma-separated values with one header line'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l every -x -d 'seconds from one snapshot to the next; with -r: of packet time'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l for -x -d 'stop after so many seconds of capture, with a last snapshot'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l limit -x -d 'rows in a snapshot; 0: every row'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l sort -x -a "rate bytes packets source destination port protocol state interface first-seen last-seen rtt retransmissions window size vlan mac load errors missed packets-to bytes-to packets-from bytes-from rate-to rate-from conversations rate-in rate-out bytes-in bytes-out packets-in packets-out ip-packets ip-packets-in ip-packets-out addresses rate-2s rate-10s rate-40s" -d 'order of the rows, figures from the largest down; each monitor has its own among: rate, bytes, packets, source, destination, port, protocol, state, interface, first-seen, last-seen, rtt, retransmissions, window, size, vlan, mac, load, errors, missed, packets-to, bytes-to, packets-from, bytes-from, rate-to, rate-from, conversations, rate-in, rate-out, bytes-in, bytes-out, packets-in, packets-out, ip-packets, ip-packets-in, ip-packets-out, addresses, rate-2s, rate-10s, rate-40s'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l names -d 'show host names: as seen on the wire, else by reverse DNS; on a screen also service names'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l bytes -x -a "ip wire" -d 'bytes that screens, text and rates show: of IP packets (ip) or of whole frames (wire)'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s L -r -F -d 'log to FILE; a bare name goes to the log directory; missing directories are made; a directory: a file for each monitor'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s f -d 'log to this syslog facility; without one: remove stale pid files'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop; and __fish_prev_arg_in -f' -a "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp local0 local1 local2 local3 local4 local5 local6 local7"
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s I -x -d 'minutes between two interval records of the log; fractions are allowed'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l log-format -x -a "text json" -d 'form of the log: text, or json (one object a line)'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l log-flows -x -d 'sum up short conversations other than TCP: one record for each pair of hosts and service in so many seconds'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l log-max-size -x -d 'put the log file aside when it has this size (100k, 50M, 2G)'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l log-max-age -x -d 'put the log file aside when it is so old (12h, 7d)'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l log-keep -x -d 'files kept by --log-max-size and --log-max-age, packed with gzip'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l alert -x -d 'say so in the log, on the screen and in syslog when a threshold is passed, and when that is over: \'host>100Mbit/s for 10s\', \'interface eth0 rx>80% for 1m\', \'packets>10000 in 5m\', \'drops>0\', \'new-connections>1000/s\'; may be repeated'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l on-alert -x -d 'run COMMAND when an alert begins and when it ends; its environment has the facts (IPTRAF_TS_ALERT, IPTRAF_TS_ALERT_STATE and others)'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l prometheus -r -F -d 'write figures for Prometheus (node_exporter\'s textfile format) to FILE, every --every seconds, else every 15'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s B -d 'run in the background; without a monitor: IP traffic on all interfaces; under systemd, timeout or with & the program stays where it was started'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l foreground -d 'with -B: do not detach'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s t -x -d 'stop after so many minutes; fractions are allowed'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s u -d 'run without privileges: general and detailed statistics of what the kernel counts'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l user -x -d 'become this user once everything is open'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s h -l help -d 'print this help'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -s v -s V -l version -d 'print the version'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l description -x -d 'with filter add: what the filter is for, on one line'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l from -x -d 'with report: records from this time on (2026-11-21, 2026-11-21T14:00, 14:00, -2h)'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l to -x -d 'with report: records before this time'
complete -c iptraf-ts -n 'not __iptraf_ts_behind iftop' -l html -d 'with report: one self-contained page for a browser'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s i -x -a "all (ls /sys/class/net)" -d 'watch this interface: a name, a pattern (veth*), an address or network that it holds or routes, a container network, or all; several may follow'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s f -x -d 'count only what this capture expression selects (pcap-filter(7)); key f edits it'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s F -x -d 'count only what goes in and out of this IPv4 network, which is ours (10.0.0.0/8 or 10.0.0.0/255.0.0.0)'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s G -x -d 'the same of an IPv6 network (fd00::/8 or fd00::/ff00::)'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s p -d 'also take packets that are addressed to other stations'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s l -d 'count IPv6 link-local traffic too'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s r -r -F -d 'read a capture file in place of an interface'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s c -r -F -d 'read settings from FILE; what the command line says holds before them'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s n -d 'addresses in place of host names'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s N -d 'numbers in place of names of services'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s P -d 'tell ports apart and show them'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s b -d 'no bars behind the rows'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s m -x -d 'bits a second at the right end of the bars (k, M, G: powers of 1024)'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s B -d 'rates in bytes: -u bytes'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s u -x -a "bits bytes packets" -d 'rates in bits, bytes or packets'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s o -x -a "2s 10s 40s source destination" -d 'order of the rows: 2s, 10s, 40s, source, destination'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s t -d 'print reports as text, one every two seconds; so does a run without a terminal'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s s -x -d 'one report after so many seconds, then the end, with or without traffic; 0: reports go on'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s L -x -d 'pairs in a report, 0: all; a rate in bits a second (100M; powers of 1024) points out every pair above it: with a line that says "exceeds", on the screen with a mark'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -l json -d 'print one JSON object a line'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -l csv -d 'print comma-separated values with one header line'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -l every -x -d 'seconds from one snapshot of --json and --csv to the next'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -l for -x -d 'stop after so many seconds of capture'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -l limit -x -d 'rows in a snapshot of --json and --csv; 0: every row'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -s h -l help -d 'print this help'
complete -c iptraf-ts -n '__iptraf_ts_behind iftop' -l version -d 'print the version'
complete -c iptraf-ts -n __iptraf_ts_called -a interfaces -d 'list the interfaces with state, addresses and speed'
complete -c iptraf-ts -n __iptraf_ts_called -a doctor -d 'say which capture sources work here, what is missing, and the remedy'
complete -c iptraf-ts -n __iptraf_ts_called -a config -d 'print every setting with its value, its default and what it does'
complete -c iptraf-ts -n __iptraf_ts_called -a filter -d 'list, make and test filters'
complete -c iptraf-ts -n __iptraf_ts_called -a status -d 'list the running instances: what they watch, where they log, what they lost'
complete -c iptraf-ts -n __iptraf_ts_called -a stop -d 'end the instances that run in the background, all or those named, and wait until they are gone'
complete -c iptraf-ts -n __iptraf_ts_called -a report -d 'sum up logs (also gzip): top hosts, ports and conversations, busiest hours, drops, alerts'
complete -c iptraf-ts -n __iptraf_ts_called -a completion -d 'print a completion script for bash, zsh, fish'
complete -c iptraf-ts -n __iptraf_ts_called -a iftop -d 'what iftop shows, by its options'
complete -c iptraf-ts -n '__iptraf_ts_called config' -a "get set unset export import"
complete -c iptraf-ts -n '__iptraf_ts_called filter' -a "list show add edit remove test export import import-iptraf-ng"
complete -c iptraf-ts -n '__iptraf_ts_called completion' -a "bash zsh fish"
complete -c iptraf-ts -n '__iptraf_ts_called config get' -a "reverseDns observedNames serviceNames stationDescriptions theme colour unit unitBase byteCounting sourceMacs promiscuous decapsulateTunnels additionalPorts maximumConversations tcpTimeoutMinutes closedPersistenceMinutes refreshSeconds logging logFile logIntervalMinutes"
complete -c iptraf-ts -n '__iptraf_ts_called config set' -a "reverseDns observedNames serviceNames stationDescriptions theme colour unit unitBase byteCounting sourceMacs promiscuous decapsulateTunnels additionalPorts maximumConversations tcpTimeoutMinutes closedPersistenceMinutes refreshSeconds logging logFile logIntervalMinutes"
complete -c iptraf-ts -n '__iptraf_ts_called config unset' -a "reverseDns observedNames serviceNames stationDescriptions theme colour unit unitBase byteCounting sourceMacs promiscuous decapsulateTunnels additionalPorts maximumConversations tcpTimeoutMinutes closedPersistenceMinutes refreshSeconds logging logFile logIntervalMinutes"
complete -c iptraf-ts -n '__iptraf_ts_called config export' -F
complete -c iptraf-ts -n '__iptraf_ts_called config import' -F
complete -c iptraf-ts -n '__iptraf_ts_called filter import' -F
complete -c iptraf-ts -n '__iptraf_ts_called filter import-iptraf-ng' -F
complete -c iptraf-ts -n '__iptraf_ts_called config set logFile' -F
complete -c iptraf-ts -n '__iptraf_ts_called filter show' -a "(iptraf-ts filter names 2>/dev/null)"
complete -c iptraf-ts -n '__iptraf_ts_called filter edit' -a "(iptraf-ts filter names 2>/dev/null)"
complete -c iptraf-ts -n '__iptraf_ts_called filter remove' -a "(iptraf-ts filter names 2>/dev/null)"
complete -c iptraf-ts -n '__iptraf_ts_called filter test' -a "(iptraf-ts filter names 2>/dev/null)"
complete -c iptraf-ts -n '__iptraf_ts_called filter export' -a "(iptraf-ts filter names 2>/dev/null)"
complete -c iptraf-ts -n '__iptraf_ts_called config set reverseDns' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set observedNames' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set serviceNames' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set colour' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set sourceMacs' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set promiscuous' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set decapsulateTunnels' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set logging' -a "on off"
complete -c iptraf-ts -n '__iptraf_ts_called config set theme' -a "blue dark light monochrome"
complete -c iptraf-ts -n '__iptraf_ts_called config set unit' -a "bits bytes"
complete -c iptraf-ts -n '__iptraf_ts_called config set unitBase' -a "1000 1024"
complete -c iptraf-ts -n '__iptraf_ts_called config set byteCounting' -a "ip wire"
