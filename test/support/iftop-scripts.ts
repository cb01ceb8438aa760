/**
 * Both programs print lines of a label (or two hosts) and figures: of a pair what was sent and received over 10 s, in
 * bytes a second, and since it began, in bytes; of the totals the rate over 10 s. Written as people write it who collect
 * these reports: by the arrows and the labels here, by lines and columns there.
 */
export const AWK = `
function bytes(text,   unit, value) {
  value = text + 0
  unit = text; gsub(/[0-9.]/, "", unit)
  if (unit ~ /^K/) value *= 1024
  if (unit ~ /^M/) value *= 1024 * 1024
  if (unit ~ /^G/) value *= 1024 * 1024 * 1024
  return unit ~ /b$/ ? value / 8 : value
}
/=>/ { ours = $2; rate = bytes($5); sum = bytes($7) }
/<=/ { print ours, $1, rate, bytes($4), sum, bytes($6) }
/^Total send rate:/ { print "sent", "-", bytes($5) }
/^Total receive rate:/ { print "received", "-", bytes($5) }
/^Total send and receive rate:/ { print "both", "-", bytes($7) }
`;

export const PYTHON = `
import re, sys
UNITS = {'': 1, 'K': 1024, 'M': 1024 ** 2, 'G': 1024 ** 3}
def number(word):
    value, unit, kind = re.fullmatch(r'([0-9.]+)([KMG]?)([bB])', word).groups()
    return float(value) * UNITS[unit] / (8 if kind == 'b' else 1)
report = sys.stdin.read().split('=' * 92)[-2]
head, rows, totals, sums = re.split(r'-{92}', report)
lines = rows.strip('\\n').split('\\n')
for first, second in zip(lines[::2], lines[1::2]):
    place, host, arrow, *sent = first.split()
    peer, back, *received = second.split()
    assert (arrow, back) == ('=>', '<='), (first, second)
    print(host, peer, number(sent[1]), number(received[1]), number(sent[3]), number(received[3]))
for label, line in zip(('sent', 'received', 'both'), totals.strip().split('\\n')):
    print(label, '-', number(line[59:70].strip()))
`;
