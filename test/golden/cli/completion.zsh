#compdef iptraf-ts
_iptraf_ts_interfaces() { local -a names=(all ${(f)"$(ls /sys/class/net)"}); compadd -a names }
_iptraf_ts_filters() { local -a names=(${(f)"$(iptraf-ts filter names 2>/dev/null)"}); compadd -a names }
_iptraf_ts_commands() {
  ((CURRENT == 2)) || return 1
  local -a commands=(
    'interfaces:list the interfaces with state, addresses and speed'
    'doctor:say which capture sources work here, what is missing, and the remedy'
    'config:print every setting with its value, its default and what it does'
    'filter:list, make and test filters'
    'status:list the running instances\: what they watch, where they log, what they lost'
    'stop:end the instances that run in the background, all or those named, and wait until they are gone'
    'report:sum up logs (also gzip)\: top hosts, ports and conversations, busiest hours, drops, alerts'
    'completion:print a completion script for bash, zsh, fish'
    'iftop:what iftop shows, by its options'
  )
  _describe command commands
}
_iptraf_ts_word() {
  case "${(j: :)words[2,CURRENT-1]}" in
    config) compadd get set unset export import ;;
    filter) compadd list show add edit remove test export import import-iptraf-ng ;;
    completion) compadd bash zsh fish ;;
    'config get'|'config set'|'config unset') compadd reverseDns observedNames serviceNames stationDescriptions theme colour unit unitBase byteCounting sourceMacs promiscuous decapsulateTunnels additionalPorts maximumConversations tcpTimeoutMinutes closedPersistenceMinutes refreshSeconds logging logFile logIntervalMinutes ;;
    'config export'|'config import'|'filter import'|'filter import-iptraf-ng'|'config set logFile') _files ;;
    'filter show'|'filter edit'|'filter remove'|'filter test'|'filter export') _iptraf_ts_filters ;;
    'config set reverseDns'|'config set observedNames'|'config set serviceNames'|'config set colour'|'config set sourceMacs'|'config set promiscuous'|'config set decapsulateTunnels'|'config set logging') compadd on off ;;
    'config set theme') compadd blue dark light monochrome ;;
    'config set unit') compadd bits bytes ;;
    'config set unitBase') compadd 1000 1024 ;;
    'config set byteCounting') compadd ip wire ;;
  esac
}
_iptraf_ts() {
  if [[ $words[2] == iftop ]] && ((CURRENT > 2)); then
    local -a options=(
    '-i[watch this interface\: a name, a pattern (veth*), an address or network that it holds or routes, a container network, or all; several may follow]:IF:_iptraf_ts_interfaces'
    '-f[count only what this capture expression selects (pcap-filter(7)); key f edits it]:EXPRESSION: '
    '-F[count only what goes in and out of this IPv4 network, which is ours (10.0.0.0/8 or 10.0.0.0/255.0.0.0)]:NET/MASK: '
    '-G[the same of an IPv6 network (fd00\:\:/8 or fd00\:\:/ff00\:\:)]:NET6/MASK: '
    '-p[also take packets that are addressed to other stations]'
    '-l[count IPv6 link-local traffic too]'
    '-r[read a capture file in place of an interface]:FILE|-:_files'
    '-c[read settings from FILE; what the command line says holds before them]:FILE:_files'
    '-n[addresses in place of host names]'
    '-N[numbers in place of names of services]'
    '-P[tell ports apart and show them]'
    '-b[no bars behind the rows]'
    '-m[bits a second at the right end of the bars (k, M, G\: powers of 1024)]:LIMIT: '
    '-B[rates in bytes\: -u bytes]'
    '-u[rates in bits, bytes or packets]:UNIT:(bits bytes packets)'
    '-o[order of the rows\: 2s, 10s, 40s, source, destination]:ORDER:(2s 10s 40s source destination)'
    '-t[print reports as text, one every two seconds; so does a run without a terminal]'
    '-s[one report after so many seconds, then the end, with or without traffic; 0\: reports go on]:SECONDS: '
    '-L[pairs in a report, 0\: all; a rate in bits a second (100M; powers of 1024) points out every pair above it\: with a line that says "exceeds", on the screen with a mark]:LINES|RATE: '
    '--json[print one JSON object a line]'
    '--csv[print comma-separated values with one header line]'
    '--every[seconds from one snapshot of --json and --csv to the next]:SECONDS: '
    '--for[stop after so many seconds of capture]:SECONDS: '
    '--limit[rows in a snapshot of --json and --csv; 0\: every row]:ROWS: '
    '-h[print this help]'
    '--help[print this help]'
    '--version[print the version]'
    )
    shift words; ((CURRENT--))
    _arguments -s $options
    return
  fi
  local -a options=(
    '-i[IP traffic\: every conversation with its rates; IF is a name, a pattern (veth*), an address or network that the interface holds or routes, or a container network; several may follow; without one, the interface of the default route]::IF|all:_iptraf_ts_interfaces'
    '-g[general interface statistics\: every interface, what it carries and what the kernel counted]'
    '-d[detailed interface statistics\: protocols, rates and their history]::IF|all:_iptraf_ts_interfaces'
    '-z[packets by size, in and out]::IF|all:_iptraf_ts_interfaces'
    '-s[TCP and UDP traffic by service port]::IF|all:_iptraf_ts_interfaces'
    '--pairs[pairs of hosts\: what they send each other, averages over 2, 10 and 40 s]::IF|all:_iptraf_ts_interfaces'
    '-l[stations on the local network by hardware address]::IF|all:_iptraf_ts_interfaces'
    '-r[read a capture file (pcap or pcapng, also gzip) or standard input instead of an interface]:FILE|-:_files'
    '-w[write what passes --filter and --bpf to FILE as pcapng]:FILE:_files'
    '--bpf[count only what this capture expression selects (pcap-filter(7)), live and from files]:EXPRESSION: '
    '--filter[count only what this filter lets through (filter list names them all); together with --bpf, what passes both]:NAME:_iptraf_ts_filters'
    '--local[networks that are ours, with commas or repeated\: they tell a filter what comes in and goes out where the capture does not (files, mirror ports)]:NET: '
    '--capture[capture through the packet ring (ring), through libpcap (pcap), or through libpcap only where the ring does not work (auto)\: auto, ring or pcap]:SOURCE:(auto ring pcap)'
    '--snaplen[bytes kept of each packet]:BYTES: '
    '--promiscuous[also take packets that are addressed to other stations]'
    '--physical[with all\: only interfaces that sit on no other]'
    '--text[print text, also on a terminal]'
    '--json[print one JSON object a line]'
    '--csv[print comma-separated values with one header line]'
    '--every[seconds from one snapshot to the next; with -r\: of packet time]:SECONDS: '
    '--for[stop after so many seconds of capture, with a last snapshot]:SECONDS: '
    '--limit[rows in a snapshot; 0\: every row]:ROWS: '
    '--sort[order of the rows, figures from the largest down; each monitor has its own among\: rate, bytes, packets, source, destination, port, protocol, state, interface, first-seen, last-seen, rtt, retransmissions, window, size, vlan, mac, load, errors, missed, packets-to, bytes-to, packets-from, bytes-from, rate-to, rate-from, conversations, rate-in, rate-out, bytes-in, bytes-out, packets-in, packets-out, ip-packets, ip-packets-in, ip-packets-out, addresses, rate-2s, rate-10s, rate-40s]:COLUMN:(rate bytes packets source destination port protocol state interface first-seen last-seen rtt retransmissions window size vlan mac load errors missed packets-to bytes-to packets-from bytes-from rate-to rate-from conversations rate-in rate-out bytes-in bytes-out packets-in packets-out ip-packets ip-packets-in ip-packets-out addresses rate-2s rate-10s rate-40s)'
    '--names[show host names\: as seen on the wire, else by reverse DNS; on a screen also service names]'
    '--bytes[bytes that screens, text and rates show\: of IP packets (ip) or of whole frames (wire)]:KIND:(ip wire)'
    '-L[log to FILE; a bare name goes to the log directory; missing directories are made; a directory\: a file for each monitor]:FILE:_files'
    '-f[log to this syslog facility; without one\: remove stale pid files]::FACILITY:(kern user mail daemon auth syslog lpr news uucp cron authpriv ftp local0 local1 local2 local3 local4 local5 local6 local7)'
    '-I[minutes between two interval records of the log; fractions are allowed]:MINUTES: '
    '--log-format[form of the log\: text, or json (one object a line)]:FORMAT:(text json)'
    '--log-flows[sum up short conversations other than TCP\: one record for each pair of hosts and service in so many seconds]:SECONDS: '
    '--log-max-size[put the log file aside when it has this size (100k, 50M, 2G)]:SIZE: '
    '--log-max-age[put the log file aside when it is so old (12h, 7d)]:TIME: '
    '--log-keep[files kept by --log-max-size and --log-max-age, packed with gzip]:FILES: '
    '--alert[say so in the log, on the screen and in syslog when a threshold is passed, and when that is over\: '\''host>100Mbit/s for 10s'\'', '\''interface eth0 rx>80% for 1m'\'', '\''packets>10000 in 5m'\'', '\''drops>0'\'', '\''new-connections>1000/s'\''; may be repeated]:RULE: '
    '--on-alert[run COMMAND when an alert begins and when it ends; its environment has the facts (IPTRAF_TS_ALERT, IPTRAF_TS_ALERT_STATE and others)]:COMMAND: '
    '--prometheus[write figures for Prometheus (node_exporter'\''s textfile format) to FILE, every --every seconds, else every 15]:FILE:_files'
    '-B[run in the background; without a monitor\: IP traffic on all interfaces; under systemd, timeout or with & the program stays where it was started]'
    '--foreground[with -B\: do not detach]'
    '-t[stop after so many minutes; fractions are allowed]:MINUTES: '
    '-u[run without privileges\: general and detailed statistics of what the kernel counts]'
    '--user[become this user once everything is open]:NAME: '
    '-h[print this help]'
    '--help[print this help]'
    '-v[print the version]'
    '-V[print the version]'
    '--version[print the version]'
    '--description[with filter add\: what the filter is for, on one line]:TEXT: '
    '--from[with report\: records from this time on (2026-11-21, 2026-11-21T14\:00, 14\:00, -2h)]:TIME: '
    '--to[with report\: records before this time]:TIME: '
    '--html[with report\: one self-contained page for a browser]'
  )
  _arguments -s $options '1::command:_iptraf_ts_commands' '*:word:_iptraf_ts_word'
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _iptraf_ts "$@"; else compdef _iptraf_ts iptraf-ts; fi
