/**
 * Reads a line of a text log (src/logs/record.ts writes them). null: damaged, or no line of such a log. Pure.
 *
 *   TIME; TCP; eth0; 352940 bytes; from 10.0.0.1:49744 to 10.0.0.2:80; closed; 14 packets, 300940 bytes, avg flow rate
 *   2407.52 kbps; opposite direction 12 packets, 52000 bytes, avg flow rate 416.00 kbps
 */
import type { ConversationEntry, Ending, Entry, Losses, SumEntry } from './entry.ts';

/** "20261121T024500+0100; " */
const TIME_LENGTH = 20;
const LETTER_T = 0x54;
const PLUS = 0x2b;
const MINUS = 0x2d;
/** Before the time of an hourly sum: "14:00 ". */
const HOUR_LENGTH = 6;

/** Conversations begin with it, in capitals; nothing else does but sums of all IP traffic. */
const PROTOCOL = /^[A-Z0-9][A-Z0-9.+/_-]*;?$/;
const SUM_WORD = 'IP';
/** Of conversations that go on. */
const GOING_ON: ReadonlySet<string> = new Set(['first packet', 'first packet (SYN)', 'FIN sent', 'active']);

const COUNTS = /^(\d+) packets, (\d+) bytes, avg flow rate \d+(?:\.\d+)? kbps$/;
const OPPOSITE = 'opposite direction ';
const BYTES = /^(\d+) bytes$/;
const SUM = /^(interval|hour|total) of (\d+) s$/;
/** Where IP bytes are not known (-u), those of frames. */
const SUM_COUNTS = /^(\d+) packets, (\d+) (?:wire )?bytes\b/;
const LOSSES = /^dropped by kernel (\d+|unknown)(?:, dropped by interface (\d+|unknown))?, malformed (\d+|unknown)/;
const STARTED = /^\S+ \S+ started, pid \d+$/;
const STOPPED = /^\*{8} .* stopped \*{8}$/;
const RUNNING = /^running (\d+) s$/;
const CONVERSATIONS = /^(\d+) conversations\b/;
/** What this log lacks; what syslog lacks is not ours. */
const LOST = /^error: (\d+) (?:lines of this log|\w+ records) were lost/;
const ALERT = /^alert (started|ended)$/;

/** Records of one day follow one another: "20261121" as a number, and its begin in UTC. */
let lastDay = 0;
let lastDayBegins = 0;

/** Seconds since 1970 of "20261121T024500+0100", which stands at `at`, or null. By hand: it is read of every line. */
export function parseLogTime(line: string, at = 0): number | null {
  if (line.charCodeAt(at + 8) !== LETTER_T) return null;
  const sign = line.charCodeAt(at + 15);
  const day = digits(line, at, 8);
  const clock = digits(line, at + 9, 6);
  const zone = digits(line, at + 16, 4);
  if (day < 0 || clock < 0 || zone < 0 || (sign !== PLUS && sign !== MINUS)) return null;
  if (day !== lastDay) {
    lastDayBegins = Date.UTC(Math.floor(day / 10_000), (Math.floor(day / 100) % 100) - 1, day % 100) / 1000;
    lastDay = day;
  }
  const seconds = Math.floor(clock / 10_000) * 3600 + (Math.floor(clock / 100) % 100) * 60 + (clock % 100);
  const east = Math.floor(zone / 100) * 3600 + (zone % 100) * 60;
  return lastDayBegins + seconds - (sign === PLUS ? east : -east);
}

/** The number that `count` digits say, or -1. */
function digits(line: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = line.charCodeAt(i) - 0x30;
    // Beyond the end it is no number.
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

export function parseTextLine(line: string): Entry | null {
  const from = line.charCodeAt(2) === 0x3a ? HOUR_LENGTH : 0;
  const time = parseLogTime(line, from);
  if (time === null || !line.startsWith('; ', from + TIME_LENGTH)) return null;
  const fields = line.slice(from + TIME_LENGTH + 2).split('; ');
  if (fields[3]?.startsWith('from ')) return conversation(time, fields);
  // Nothing, or a protocol and no endpoints: the rest of the line is missing.
  if (fields[0] === '' || (PROTOCOL.test(fields[0]) && fields[0] !== SUM_WORD)) return null;
  return otherLine(time, fields, from > 0);
}

function conversation(time: number, fields: readonly string[]): Entry | null {
  const [protocol, name, total, places, what] = fields;
  if (what === undefined) return null;
  if (GOING_ON.has(what)) return { kind: 'other', time };
  const ending = endingOf(what);
  const to = places.indexOf(' to ');
  const sent = COUNTS.exec(fields[5] ?? '');
  const back = fields[6]?.startsWith(OPPOSITE) ? COUNTS.exec(fields[6].slice(OPPOSITE.length)) : null;
  const bytes = BYTES.exec(total);
  if (ending === null || to < 0 || sent === null || back === null || bytes === null) return null;
  const entry: ConversationEntry = {
    kind: 'conversation',
    time,
    ending,
    interface: name,
    protocol: protocolName(protocol),
    from: places.slice(5, to),
    to: places.slice(to + 4),
    packets: [Number(sent[1]), Number(back[1])],
    bytes: [Number(sent[2]), Number(back[2])],
    conversations: fields.length > 7 ? Number(CONVERSATIONS.exec(fields[7])?.[1] ?? 1) : 1,
  };
  // A line that was cut and glued to another adds up to something else.
  return Number(bytes[1]) === entry.bytes[0] + entry.bytes[1] ? entry : null;
}

/** null: no words of ours. */
function endingOf(what: string): Ending | null {
  if (what.includes('closed')) return 'closed';
  if (what.includes('timed out')) return 'timed-out';
  if (what.includes('reset')) return 'reset';
  return what.includes('still open') ? 'open' : null;
}

/** "TCP" -> "tcp", "PROTO-89" -> "89": as machine output has them. */
const names = new Map<string, string>();

function protocolName(word: string): string {
  const known = names.get(word);
  if (known !== undefined) return known;
  const name = word.startsWith('PROTO-') ? word.slice(6) : word.toLowerCase();
  if (names.size < 1000) names.set(word, name);
  return name;
}

function otherLine(time: number, fields: readonly string[], hourly: boolean): Entry | null {
  if (STARTED.test(fields[0])) return { kind: 'started', time };
  if (STOPPED.test(fields[0])) return sum(time, fields.slice(1), 'stopped');
  if (hourly) return sum(time, fields, 'hour');
  if (fields[3]?.startsWith('interval of ')) return sum(time, fields, 'interval');
  const running = RUNNING.exec(fields[2] ?? '');
  if (running !== null) return block(time, fields, Number(running[1]));
  return eventLine(time, fields) ?? { kind: 'other', time };
}

function sum(time: number, fields: readonly string[], which: SumEntry['block']): Entry | null {
  const [word = '', name = ''] = fields;
  const monitor = word === SUM_WORD ? 'ip-traffic' : word;
  const span = SUM.exec(fields[3] ?? '');
  const counts = SUM_COUNTS.exec(fields[4] ?? '');
  const losses = lossesIn(fields);
  // A monitor that stops before it has seen anything has no figures.
  if (span === null || counts === null || losses === null) return which === 'stopped' ? { kind: 'other', time } : null;
  const [packets, bytes] = [Number(counts[1]), Number(counts[2])];
  const seconds = Number(span[2]);
  return { kind: 'sum', block: which, time, monitor, interface: name, seconds, packets, bytes, losses };
}

function block(time: number, fields: readonly string[], seconds: number): Entry | null {
  const losses = lossesIn(fields);
  return losses === null ? null : { kind: 'block', time, monitor: fields[0], interface: fields[1], seconds, losses };
}

function lossesIn(fields: readonly string[]): Losses | null {
  for (const field of fields) {
    const match = LOSSES.exec(field);
    if (match === null) continue;
    const known = (text: string | undefined): number | null =>
      text === undefined || text === 'unknown' ? null : Number(text);
    return {
      droppedByKernel: known(match[1]),
      droppedByInterface: known(match[2]),
      malformed: known(match[3]),
    };
  }
  return null;
}

function eventLine(time: number, fields: readonly string[]): Entry | null {
  const alert = ALERT.exec(fields[0]);
  if (alert !== null && fields.length > 2) {
    return { kind: 'alert', time, state: alert[1] as 'started' | 'ended', alert: fields[1], subject: fields[2] };
  }
  // Some say first whose it is: "TCP; eth0; error: …".
  const text = fields.find((field) => field.startsWith('error: '));
  if (text === undefined) return null;
  const lost = LOST.exec(text);
  return lost === null ? { kind: 'error', time, text } : { kind: 'lost', time, lines: Number(lost[1]) };
}
