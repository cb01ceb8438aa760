# bash completion for iptraf-ts
_iptraf_ts() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  case $before in
    -i) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "all $(ls /sys/class/net)" -- "$word")); return; } ;;
    -r) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    -w) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    --bpf) COMPREPLY=(); return ;;
    --capture) COMPREPLY=($(compgen -W "auto ring pcap" -- "$word")); return ;;
    --snaplen) COMPREPLY=(); return ;;
    --every) COMPREPLY=(); return ;;
    --for) COMPREPLY=(); return ;;
    --limit) COMPREPLY=(); return ;;
    --sort) COMPREPLY=($(compgen -W "rate bytes packets source destination port protocol state interface first-seen last-seen rtt retransmissions window size vlan mac" -- "$word")); return ;;
    --bytes) COMPREPLY=($(compgen -W "ip wire" -- "$word")); return ;;
    -L) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    -f) [[ $word == -* ]] || { COMPREPLY=($(compgen -W "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp local0 local1 local2 local3 local4 local5 local6 local7" -- "$word")); return; } ;;
    -I) COMPREPLY=(); return ;;
    -t) COMPREPLY=(); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "-i -r -w --bpf --capture --snaplen --promiscuous --physical --text --json --csv --every --for --limit --sort --names --bytes -L -f -I -B --foreground -t -h --help -v -V --version" -- "$word"))
  elif ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "interfaces doctor completion" -- "$word"))
  fi
}
complete -F _iptraf_ts iptraf-ts
