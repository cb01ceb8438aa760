/**
 * What a line of a log says to a report, whichever form the log has: text-line.ts and json-line.ts make the same entry of
 * the same record. Plain values, no clock, no files.
 */

/** Why a conversation's record was written, beside which it counts alike. */
export type Ending = 'closed' | 'reset' | 'timed-out' | 'open';

/** Interface, monitor, and whatever else tells counters of one run from those of another. */
export interface Watched {
  /** As the log has it: "ip-traffic", "general". */
  monitor: string;
  /** What is watched: an interface's name, "all". */
  interface: string;
}

/** null: not known. */
export interface Losses {
  droppedByKernel: number | null;
  droppedByInterface: number | null;
  malformed: number | null;
}

/** The one record of a conversation that is over (or of several that were summed up in one). */
export interface ConversationEntry {
  kind: 'conversation';
  /** Seconds since 1970 of the record, which is when the conversation ended. */
  time: number;
  ending: Ending;
  /** With its VLAN: "eth0", "eth0.5". */
  interface: string;
  /** Lower case: "tcp". */
  protocol: string;
  /** As lines of text have them: "10.0.0.1:80", "[2001:db8::1]:80", "2001:db8::1". The first packet's sender is `from`. */
  from: string;
  to: string;
  /** [sent by from, sent by to]; IP bytes, frame bytes where there is no IP. */
  packets: [number, number];
  bytes: [number, number];
  /** How many it stands for. */
  conversations: number;
}

/** What passed and was lost in some time: between two interval records, in an hour of the clock, in a whole run. IP bytes. */
export interface SumEntry extends Watched {
  kind: 'sum';
  block: 'interval' | 'hour' | 'stopped';
  /** When that time ended, and how long it was. */
  time: number;
  seconds: number;
  packets: number;
  bytes: number;
  losses: Losses;
}

/** The first line of a block of statistics: losses since the start of the run. */
export interface BlockEntry extends Watched {
  kind: 'block';
  time: number;
  /** Since the start of the run. */
  seconds: number;
  losses: Losses;
}

/** The program began. */
export interface StartedEntry {
  kind: 'started';
  time: number;
}

export interface AlertEntry {
  kind: 'alert';
  time: number;
  state: 'started' | 'ended';
  /** The rule as the operator wrote it. */
  alert: string;
  subject: string;
}

/** Lines that the log could not take. */
export interface LostEntry {
  kind: 'lost';
  time: number;
  lines: number;
}

export interface ErrorEntry {
  kind: 'error';
  time: number;
  text: string;
}

/** A good record of no concern. */
export interface OtherEntry {
  kind: 'other';
  time: number;
}

export type Entry =
  | ConversationEntry
  | SumEntry
  | BlockEntry
  | StartedEntry
  | AlertEntry
  | LostEntry
  | ErrorEntry
  | OtherEntry;

/** Of "10.0.0.1:80", "[2001:db8::1]:80", "2001:db8::1", "02:00:00:00:00:01": the address, and the port or null. */
export function splitPlace(place: string): { address: string; port: number | null } {
  if (place.charCodeAt(0) === 0x5b) {
    const end = place.indexOf(']');
    return end < 0 ? { address: place, port: null } : { address: place.slice(1, end), port: portOf(place, end + 1) };
  }
  const colon = place.indexOf(':');
  // More than one: an IPv6 or MAC address without a port.
  if (colon < 0 || place.indexOf(':', colon + 1) >= 0) return { address: place, port: null };
  return { address: place.slice(0, colon), port: portOf(place, colon) };
}

function portOf(place: string, colon: number): number | null {
  return place.charCodeAt(colon) === 0x3a ? Number(place.slice(colon + 1)) : null;
}
