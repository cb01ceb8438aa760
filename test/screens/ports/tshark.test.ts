// The mixed capture's ports against tshark's fields: the strict view by exact sums, the services by the rule evaluated
// anew, for all conversations at once instead of packet by packet.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PortExtra, PortRow, PortView } from '../../../screens/ports/types.ts';
import type { EngineClient } from '../../../src/engine/engine-client.ts';
import type { Snapshot } from '../../../src/engine/messages.ts';
import { engineOverFile } from '../../support/file-engine.ts';
import { tsharkFields, tsharkUnavailable } from '../../support/tshark.ts';

const unavailable = tsharkUnavailable();
const MIXED = join(import.meta.dirname, '../../fixtures/mixed.pcapng');
/** Two ranges that the capture's traffic uses. */
const CONFIGURED: [number, number][] = [
  [5000, 5555],
  [9000, 9000],
];

const PROTOCOLS = ['tcp', 'udp', 'sctp', 'dccp', 'udplite'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** A frame as tshark sees its outermost IP packet. */
interface Frame {
  protocol: Protocol;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  syn: boolean;
  ack: boolean;
  ipBytes: number;
  wireBytes: number;
}

const FIELDS = [
  'frame.len',
  'frame.protocols',
  'ip.src',
  'ip.dst',
  'ip.id',
  'ip.len',
  'ip.frag_offset',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.plen',
  'ipv6.fraghdr.ident',
  'ipv6.fraghdr.offset',
  'tcp.flags.syn',
  'tcp.flags.ack',
  ...['tcp', 'udp', 'sctp', 'dccp'].flatMap((name) => [`${name}.srcport`, `${name}.dstport`]),
];

/** The transport protocol of the outermost IP packet, '' where it is a later fragment, null for everything else. */
function outermost(protocols: string): Protocol | '' | null {
  const layers = protocols.split(':');
  const ip = layers.findIndex((layer) => layer === 'ip' || layer === 'ipv6');
  // In IPv6 the authentication header is one of the extension headers (RFC 8200 section 4).
  const isExtension = (layer: string): boolean =>
    layer.startsWith('ipv6.') || (layer === 'ah' && layers[ip] === 'ipv6');
  const [next] = ip < 0 ? ['none'] : layers.slice(ip + 1).filter((layer) => !isExtension(layer));
  if (next === undefined || next === 'data') return '';
  return PROTOCOLS.find((name) => name === next) ?? null;
}

/** Every frame with ports; later fragments have those of their datagram's first one. */
function framesOf(path: string): Frame[] {
  const lines = tsharkFields(path, FIELDS).map((cells) =>
    Object.fromEntries(cells.map((cell, k) => [FIELDS[k], cell])),
  );
  const datagrams = new Map<string, Pick<Frame, 'protocol' | 'sourcePort' | 'destinationPort'>>();
  const datagram = (line: Record<string, string>): string =>
    [
      line['ip.src'] || line['ipv6.src'],
      line['ip.dst'] || line['ipv6.dst'],
      line['ip.id'] || line['ipv6.fraghdr.ident'],
    ].join();
  for (const line of lines) {
    const protocol = outermost(line['frame.protocols']);
    if (protocol === null || protocol === '') continue;
    // UDP-Lite's ports stand in UDP's fields.
    const fields = protocol === 'udplite' ? 'udp' : protocol;
    const [sourcePort, destinationPort] = [Number(line[`${fields}.srcport`]), Number(line[`${fields}.dstport`])];
    datagrams.set(datagram(line), { protocol, sourcePort, destinationPort });
    Object.assign(line, { protocol, sourcePort, destinationPort });
  }
  const frames: Frame[] = [];
  for (const line of lines) {
    const isLater = Number(line['ip.frag_offset']) > 0 || Number(line['ipv6.fraghdr.offset']) > 0;
    const own = outermost(line['frame.protocols']);
    if (own === null || (own === '' && !isLater)) continue;
    const known = own === '' ? datagrams.get(datagram(line)) : (line as unknown as Frame);
    if (known === undefined) continue;
    frames.push({
      protocol: known.protocol,
      sourcePort: known.sourcePort,
      destinationPort: known.destinationPort,
      source: line['ip.src'] || line['ipv6.src'],
      destination: line['ip.dst'] || line['ipv6.dst'],
      syn: own === 'tcp' && line['tcp.flags.syn'] === '1',
      ack: own === 'tcp' && line['tcp.flags.ack'] === '1',
      ipBytes: line['ip.src'] ? Number(line['ip.len']) : Number(line['ipv6.plen']) + 40,
      wireBytes: Number(line['frame.len']),
    });
  }
  return frames;
}

type Sums = Record<'total' | 'to' | 'from', [packets: number, ipBytes: number, wireBytes: number]>;

function add(sums: Map<string, Sums>, port: string, frame: Frame, parts: (keyof Sums)[]): void {
  const line = sums.get(port) ?? { total: [0, 0, 0], to: [0, 0, 0], from: [0, 0, 0] };
  for (const part of parts) {
    for (const [k, amount] of [1, frame.ipBytes, frame.wireBytes].entries()) line[part][k] += amount;
  }
  sums.set(port, line);
}

/** One filter a port: srcport == p or dstport == p. */
function strictSums(frames: readonly Frame[], isKnown: (port: number) => boolean): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const frame of frames) {
    const { protocol, sourcePort, destinationPort } = frame;
    for (const port of new Set([sourcePort, destinationPort].filter(isKnown))) {
      const parts: (keyof Sums)[] = ['total'];
      if (destinationPort === port) parts.push('to');
      if (sourcePort === port) parts.push('from');
      add(sums, `${protocol}/${port}`, frame, parts);
    }
  }
  return sums;
}

interface Talk {
  frames: Frame[];
  protocol: Protocol;
  ports: [number, number];
}

function talksOf(frames: readonly Frame[]): Talk[] {
  const talks = new Map<string, Talk>();
  for (const frame of frames) {
    const { protocol, sourcePort, destinationPort } = frame;
    const ends = [`${frame.source} ${sourcePort}`, `${frame.destination} ${destinationPort}`].sort();
    const key = `${protocol} ${ends.join()}`;
    const talk = talks.get(key) ?? { frames: [], protocol, ports: [sourcePort, destinationPort] };
    talk.frames.push(frame);
    talks.set(key, talk);
  }
  return [...talks.values()];
}

/** The server's port where SYN or a known port tells, else null. */
function certainPort({ frames, ports }: Talk, isKnown: (port: number) => boolean): number | null {
  const syn = frames.find((frame) => frame.syn);
  if (syn !== undefined) return syn.ack ? syn.sourcePort : syn.destinationPort;
  const [first, second] = ports.map(isKnown);
  return first === second ? null : ports[first ? 0 : 1];
}

function serviceSums(frames: readonly Frame[], isKnown: (port: number) => boolean): Map<string, Sums> {
  const talks = talksOf(frames);
  const votes = new Map<string, number>();
  const vote = (protocol: string, port: number): void => {
    votes.set(`${protocol}/${port}`, (votes.get(`${protocol}/${port}`) ?? 0) + 1);
  };
  for (const talk of talks) {
    const certain = certainPort(talk, isKnown);
    for (const port of new Set(certain === null ? talk.ports : [certain])) vote(talk.protocol, port);
  }
  const sums = new Map<string, Sums>();
  for (const talk of talks) {
    const { protocol, ports } = talk;
    const [first, second] = ports.map((port) => votes.get(`${protocol}/${port}`) ?? 0);
    const guess = first === second ? Math.min(...ports) : ports[first > second ? 0 : 1];
    const port = certainPort(talk, isKnown) ?? guess;
    for (const frame of talk.frames) {
      // Equal ports: the first packet goes to the server.
      const isTo = ports[0] === ports[1] ? frame.source === talk.frames[0].source : frame.destinationPort === port;
      add(sums, `${protocol}/${port}`, frame, ['total', isTo ? 'to' : 'from']);
    }
  }
  return sums;
}

const inOrder = (sums: Map<string, Sums>): [string, Sums][] => [...sums].sort(([a], [b]) => (a < b ? -1 : 1));

describe.skipIf(unavailable !== null)(`ports against tshark (${unavailable ?? 'the mixed capture'})`, () => {
  let engine: EngineClient;
  let frames: Frame[];

  beforeAll(async () => {
    frames = framesOf(MIXED);
    engine = await engineOverFile(MIXED, ['ports'], { servicePorts: CONFIGURED });
  });
  afterAll(() => engine.stop());

  async function ours(view: PortView): Promise<{ sums: Map<string, Sums>; snapshot: Snapshot<PortRow> }> {
    const query = {
      sort: 'port',
      descending: false,
      offset: 0,
      limit: 0,
      follow: null,
      options: { view, search: null },
    };
    const snapshot = (await engine.page('ports', query)) as Snapshot<PortRow>;
    const three = ({ packets, ipBytes, wireBytes }: PortRow['total']): Sums['total'] => [packets, ipBytes, wireBytes];
    const sums = new Map<string, Sums>();
    for (const { protocol, port, total, to, from } of snapshot.rows) {
      sums.set(`${protocol}/${port}`, { total: three(total), to: three(to), from: three(from) });
    }
    return { sums, snapshot };
  }

  const isKnown = (port: number): boolean => port < 1024 || CONFIGURED.some(([from, to]) => port >= from && port <= to);

  it('agree for every port of the strict view', async () => {
    const theirs = strictSums(frames, isKnown);
    expect(theirs.size).toBeGreaterThan(20);
    expect(inOrder((await ours('strict')).sums)).toEqual(inOrder(theirs));
  });

  it('agree for every service by the rule', async () => {
    const theirs = serviceSums(frames, isKnown);
    expect(theirs.size).toBeGreaterThan(20);
    const { sums, snapshot } = await ours('services');
    expect(inOrder(sums)).toEqual(inOrder(theirs));
    const extra = snapshot.extra as unknown as PortExtra;
    expect([extra.packets, extra.wireBytes]).toEqual([
      frames.length,
      frames.reduce((sum, { wireBytes }) => sum + wireBytes, 0),
    ]);
  });
});
