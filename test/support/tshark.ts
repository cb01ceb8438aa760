/**
 * tshark as an oracle: its conversation and endpoint tables, and sums of its fields where its tables round.
 * tshark 4.0 prints bytes above 10 kB as "83 kB": such figures are ranges here, never guesses.
 */
import { execFileSync, spawnSync } from 'node:child_process';

/** Why tshark cannot be asked here, or null: for describe.skipIf with the reason in the title. */
export function tsharkUnavailable(): string | null {
  return spawnSync('tshark', ['--version']).status === 0 ? null : 'tshark is not installed';
}

/** A figure as printed: the true value is at least `least` and below `below`. */
export interface PrintedBytes {
  least: number;
  below: number;
}

/** One line of `-z conv,…`; ports are 0 for conv,ip and conv,ipv6. */
export interface TsharkConversation {
  a: string;
  portA: number;
  b: string;
  portB: number;
  framesAB: number;
  bytesAB: PrintedBytes;
  framesBA: number;
  bytesBA: PrintedBytes;
}

export type ConversationKind = 'tcp' | 'udp' | 'sctp' | 'ip' | 'ipv6' | 'eth';

const UNITS: Readonly<Record<string, number>> = { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

function run(path: string, ...options: string[]): string {
  const tshark = ['-n', '-r', path, '-o', 'tcp.desegment_tcp_streams:FALSE', ...options];
  return execFileSync('tshark', tshark, { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });
}

function printedBytes(figure: string, unit: string): PrintedBytes {
  const scale = UNITS[unit];
  if (scale === undefined) throw new Error(`tshark printed the unit ${unit}`);
  return { least: Number(figure) * scale, below: (Number(figure) + 1) * scale };
}

/** "10.0.0.1:80" and "2001:db8::1:80" at their last colon. */
function endpoint(text: string, withPort: boolean): [address: string, port: number] {
  if (!withPort) return [text, 0];
  const colon = text.lastIndexOf(':');
  return [text.slice(0, colon), Number(text.slice(colon + 1))];
}

const CONVERSATION = /^(\S+)\s+<->\s+(\S+)\s+(\d+)\s+(\d+) (\S+)\s+(\d+)\s+(\d+) (\S+)\s+\d+\s+\d+ \S+\s/;

/** Rows of `tshark -q -z conv,KIND`. Fragments are not put together, so that each frame counts where it is. */
export function tsharkConversations(path: string, kind: ConversationKind, filter?: string): TsharkConversation[] {
  const table = filter === undefined ? `conv,${kind}` : `conv,${kind},${filter}`;
  const withPort = kind === 'tcp' || kind === 'udp' || kind === 'sctp';
  const rows: TsharkConversation[] = [];
  for (const line of run(path, '-q', ...WITHOUT_REASSEMBLY, '-z', table).split('\n')) {
    if (!line.includes('<->')) continue;
    const match = CONVERSATION.exec(line);
    if (match === null) throw new Error(`tshark's line was not understood: ${line}`);
    const [, left, right, framesBA, figureBA, unitBA, framesAB, figureAB, unitAB] = match;
    const [a, portA] = endpoint(left, withPort);
    const [b, portB] = endpoint(right, withPort);
    rows.push({
      a,
      portA,
      b,
      portB,
      framesAB: Number(framesAB),
      bytesAB: printedBytes(figureAB, unitAB),
      framesBA: Number(framesBA),
      bytesBA: printedBytes(figureBA, unitBA),
    });
  }
  return rows;
}

const WITHOUT_REASSEMBLY = ['-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE'];

/** One line of `-z endpoints,…`. */
export interface TsharkEndpoint {
  address: string;
  frames: number;
  bytes: number;
  sentFrames: number;
  sentBytes: number;
}

/** Rows of `tshark -q -z endpoints,KIND`. */
export function tsharkEndpoints(path: string, kind: 'ip' | 'ipv6' | 'eth'): TsharkEndpoint[] {
  const rows: TsharkEndpoint[] = [];
  for (const line of run(path, '-q', ...WITHOUT_REASSEMBLY, '-z', `endpoints,${kind}`).split('\n')) {
    const cells = line.trim().split(/\s+/);
    const figures = cells.slice(1).map(Number);
    if (cells.length !== 7 || figures.some(Number.isNaN)) continue;
    const [frames, bytes, sentFrames, sentBytes] = figures;
    rows.push({ address: cells[0], frames, bytes, sentFrames, sentBytes });
  }
  return rows;
}

/** Chosen fields of every frame, the outermost occurrence of each; '' where a frame has none. */
export function tsharkFields(path: string, fields: readonly string[], filter?: string): string[][] {
  return fieldsOf(path, fields, filter === undefined ? [] : ['-Y', filter]);
}

function fieldsOf(path: string, fields: readonly string[], options: readonly string[]): string[][] {
  const chosen = fields.flatMap((field) => ['-e', field]);
  const shape = ['-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=f'];
  const output = run(path, ...WITHOUT_REASSEMBLY, ...shape, ...chosen, ...options);
  const lines = output.split('\n');
  lines.pop();
  return lines.map((line) => line.split('\t'));
}

/** Sums of one direction of a conversation. */
export interface ExactFlow {
  frames: number;
  bytes: number;
}

/**
 * Exact sums of frame lengths by flow: key "source>destination", with "address:port" for tcp and udp. Only the outermost
 * IP header of a frame counts, as in a table that shows tunnels as themselves.
 */
export function tsharkFlows(path: string, kind: 'tcp' | 'udp' | 'ip' | 'ipv6'): Map<string, ExactFlow> {
  const withPort = kind === 'tcp' || kind === 'udp';
  const versions = withPort ? ['ip', 'ipv6'] : [kind];
  const addresses = versions.flatMap((version) => [`${version}.src`, `${version}.dst`]);
  const ports = withPort ? [`${kind}.srcport`, `${kind}.dstport`] : [];
  const flows = new Map<string, ExactFlow>();
  for (const [length, ...cells] of tsharkFields(path, ['frame.len', ...addresses, ...ports], kind)) {
    const at = cells[0] === '' ? 2 : 0;
    const [sourcePort, destinationPort] = cells.slice(addresses.length);
    const key = withPort ? `${cells[at]}:${sourcePort}>${cells[at + 1]}:${destinationPort}` : `${cells[0]}>${cells[1]}`;
    addToFlow(flows, key, Number(length));
  }
  return flows;
}

function addToFlow(flows: Map<string, ExactFlow>, key: string, bytes: number): void {
  const flow = flows.get(key) ?? { frames: 0, bytes: 0 };
  flow.frames++;
  flow.bytes += bytes;
  flows.set(key, flow);
}

/** Nothing above the ports is dissected, nothing about a stream is worked out: less than half the time. */
const PORTS_ALONE = [
  ...['--disable-protocol', 'ALL'],
  ...['eth', 'ethertype', 'ip', 'ipv6', 'tcp', 'udp'].flatMap((protocol) => ['--enable-protocol', protocol]),
  ...['tcp.analyze_sequence_numbers:FALSE', 'tcp.calculate_timestamps:FALSE', 'udp.calculate_timestamps:FALSE'].flatMap(
    (preference) => ['-o', preference],
  ),
];

/** As tsharkFlows for tcp and udp, in one pass, for large files of Ethernet frames without tunnels. */
export function tsharkPortFlows(path: string): { tcp: Map<string, ExactFlow>; udp: Map<string, ExactFlow> } {
  const flows = { tcp: new Map<string, ExactFlow>(), udp: new Map<string, ExactFlow>() };
  const ports = ['tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport'];
  const fields = ['frame.len', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', ...ports];
  for (const [length, source4, destination4, source6, destination6, ...found] of fieldsOf(path, fields, PORTS_ALONE)) {
    const kind = found[0] === '' ? 'udp' : 'tcp';
    const [sourcePort, destinationPort] = found.slice(kind === 'tcp' ? 0 : 2);
    const key = `${source4 || source6}:${sourcePort}>${destination4 || destination6}:${destinationPort}`;
    addToFlow(flows[kind], key, Number(length));
  }
  return flows;
}
