# bash completion for iptraf-ts
_iptraf_ts_filters() {
  local name
  COMPREPLY=()
  while IFS= read -r name; do
    [[ $name == "$1"* ]] && COMPREPLY+=("$(printf %q "$name")")
  done < <(iptraf-ts filter names 2>/dev/null)
}
_iptraf_ts() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [[ ${COMP_WORDS[1]} == iftop ]] && ((COMP_CWORD > 1)); then
    case $before in
    -i) COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return ;;
    -f) COMPREPLY=(); return ;;
    -F) COMPREPLY=(); return ;;
    -G) COMPREPLY=(); return ;;
    -r) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    -c) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    -m) COMPREPLY=(); return ;;
    -u) COMPREPLY=($(compgen -W "bits bytes packets" -- "$word")); return ;;
    -o) COMPREPLY=($(compgen -W "2s 10s 40s source destination" -- "$word")); return ;;
    -s) COMPREPLY=(); return ;;
    -L) COMPREPLY=(); return ;;
    --every) COMPREPLY=(); return ;;
    --for) COMPREPLY=(); return ;;
    --limit) COMPREPLY=(); return ;;
    esac
    COMPREPLY=($(compgen -W "-i -f -F -G -p -l -r -c -n -N -P -b -m -B -u -o -t -s -L --json --csv --every --for --limit -h --help --version" -- "$word"))
    return
  fi
  case $before in
    -i) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return; } ;;
    -d) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return; } ;;
    -z) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return; } ;;
    -s) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return; } ;;
    --pairs) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return; } ;;
    -l) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return; } ;;
    -r) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    -w) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    --bpf) COMPREPLY=(); return ;;
    --filter) _iptraf_ts_filters "$word"; return ;;
    --local) COMPREPLY=(); return ;;
    --capture) COMPREPLY=($(compgen -W "auto ring pcap" -- "$word")); return ;;
    --snaplen) COMPREPLY=(); return ;;
    --every) COMPREPLY=(); return ;;
    --for) COMPREPLY=(); return ;;
    --limit) COMPREPLY=(); return ;;
    --sort) COMPREPLY=($(compgen -W "rate bytes packets source destination port protocol state interface first-seen last-seen rtt retransmissions window size vlan mac load errors missed packets-to bytes-to packets-from bytes-from rate-to rate-from conversations rate-in rate-out bytes-in bytes-out packets-in packets-out ip-packets ip-packets-in ip-packets-out addresses rate-2s rate-10s rate-40s" -- "$word")); return ;;
    --bytes) COMPREPLY=($(compgen -W "ip wire" -- "$word")); return ;;
    -L) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    -f) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp local0 local1 local2 local3 local4 local5 local6 local7" -- "$word")); return; } ;;
    -I) COMPREPLY=(); return ;;
    --log-format) COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
    --log-flows) COMPREPLY=(); return ;;
    --log-max-size) COMPREPLY=(); return ;;
    --log-max-age) COMPREPLY=(); return ;;
    --log-keep) COMPREPLY=(); return ;;
    --alert) COMPREPLY=(); return ;;
    --on-alert) COMPREPLY=(); return ;;
    --prometheus) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    -t) COMPREPLY=(); return ;;
    --user) COMPREPLY=(); return ;;
    --description) COMPREPLY=(); return ;;
    --from) COMPREPLY=(); return ;;
    --to) COMPREPLY=(); return ;;
  esac
  case "${COMP_WORDS[*]:1:COMP_CWORD-1}" in
    config) COMPREPLY=($(compgen -W "get set unset export import" -- "$word")); return ;;
    filter) COMPREPLY=($(compgen -W "list show add edit remove test export import import-iptraf-ng" -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    'config get'|'config set'|'config unset') COMPREPLY=($(compgen -W "reverseDns observedNames serviceNames stationDescriptions theme colour unit unitBase byteCounting sourceMacs promiscuous decapsulateTunnels additionalPorts maximumConversations tcpTimeoutMinutes closedPersistenceMinutes refreshSeconds logging logFile logIntervalMinutes" -- "$word")); return ;;
    'config export'|'config import'|'filter import'|'filter import-iptraf-ng'|'config set logFile') compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    'filter show'|'filter edit'|'filter remove'|'filter test'|'filter export') _iptraf_ts_filters "$word"; return ;;
    'config set reverseDns'|'config set observedNames'|'config set serviceNames'|'config set colour'|'config set sourceMacs'|'config set promiscuous'|'config set decapsulateTunnels'|'config set logging') COMPREPLY=($(compgen -W "on off" -- "$word")); return ;;
    'config set theme') COMPREPLY=($(compgen -W "blue dark light monochrome" -- "$word")); return ;;
    'config set unit') COMPREPLY=($(compgen -W "bits bytes" -- "$word")); return ;;
    'config set unitBase') COMPREPLY=($(compgen -W "1000 1024" -- "$word")); return ;;
    'config set byteCounting') COMPREPLY=($(compgen -W "ip wire" -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "-i -g -d -z -s --pairs -l -r -w --bpf --filter --local --capture --snaplen --promiscuous --physical --text --json --csv --every --for --limit --sort --names --bytes -L -f -I --log-format --log-flows --log-max-size --log-max-age --log-keep --alert --on-alert --prometheus -B --foreground -t -u --user -h --help -v -V --version --description --from --to --html" -- "$word"))
  elif ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "interfaces doctor config filter status stop report completion iftop" -- "$word"))
  fi
}
complete -F _iptraf_ts iptraf-ts
