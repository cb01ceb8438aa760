// Final records of live conversations, in the log that the built program writes: one for each connection that the sender
// made, and together everything that the interface counted.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';

const unavailable = namespacesUnavailable();
const PORT = 50_100;
const CONNECTIONS = 3000;
const PER_SECOND = 2000;
const STILL_OPEN = 3;
const QUERIES = 300;
const ANSWER = 200;

/** Answers each connection and closes it; those that send "stay" stay. */
const SERVER = `
require('net').createServer((socket) => {
  socket.on('error', () => {}).once('data', (data) => data[0] === 115 || socket.end(Buffer.alloc(${ANSWER})));
}).listen({ port: ${PORT}, host: process.argv[1], backlog: 4096 }, () => console.log('listening'));
`;

/** Makes connections at a steady rate, some that stay open, and queries from ports of their own; prints all ports. */
const CLIENT = `
const net = require('net');
const dgram = require('dgram');
const host = process.argv[1];
const count = Number(process.argv[2]);
const ports = { closed: [], open: [], queries: [] };
let due = 0;
let ended = 0;
const connect = (text, into, onEnd) => {
  const socket = net.connect({ port: ${PORT}, host }, () => { into.push(socket.localPort); socket.write(text); });
  socket.on('error', (error) => { console.error(String(error)); process.exit(1); });
  socket.resume().on('close', onEnd);
};
const query = (left) => {
  const socket = dgram.createSocket('udp4');
  socket.bind(20000 + left, () => socket.send('query', 9, host, () => {
    ports.queries.push(socket.address().port);
    socket.close();
    if (left > 1) query(left - 1);
    else console.log(JSON.stringify(ports));
  }));
};
const onEnd = () => {
  if (++ended < count) return;
  for (let k = 0; k < ${STILL_OPEN}; k++) connect('stay', ports.open, () => {});
  setTimeout(query, 200, ${QUERIES});
};
const began = performance.now();
const timer = setInterval(() => {
  const wanted = Math.min(count, (performance.now() - began) * ${PER_SECOND / 1000});
  for (; due < wanted; due++) connect('go', ports.closed, onEnd);
  if (due === count) clearInterval(timer);
}, 5);
`;

interface RecordLine {
  event: string;
  protocol?: string;
  endpoints?: { address: string; port: number | null }[];
  packets: [number, number];
  ipBytes: [number, number];
  wireBytes: [number, number];
  conversations?: number;
  final?: boolean;
  late?: object;
}

interface Ports {
  closed: number[];
  open: number[];
  queries: number[];
}

interface StoppedLine {
  event: 'stopped';
  packets: number;
  wireBytes: number;
  late: { packets: number; wireBytes: number };
  droppedByKernel: number;
}

describe.skipIf(unavailable !== null)(`records of live conversations (${unavailable ?? 'in namespaces'})`, () => {
  const home = temporaryHome();
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-records-'));
  let pair: NamespacePair;

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('records');
    for (const end of [pair.left, pair.right]) {
      end.run('ethtool', '-K', end.interface, 'tso', 'off', 'gso', 'off', 'gro', 'off');
    }
  });
  afterAll(() => {
    pair?.dispose();
    home.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const counter = (name: string): number => pair.left.counter(`tx_${name}`) + pair.left.counter(`rx_${name}`);

  /** Settles when no packet has come for a while: what the interface has counted then. */
  async function quiet(): Promise<{ packets: number; bytes: number }> {
    for (let last = -1; ; ) {
      const packets = counter('packets');
      if (packets === last) return { packets, bytes: counter('bytes') };
      last = packets;
      await sleep(400);
    }
  }

  /** What the program logs while the sender makes so many connections, and what sender and interface say of it. */
  async function logged(name: string, connections: number, options: string[]) {
    const { left, right } = pair;
    const log = join(folder, name);
    const text = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
    const env = { ...process.env, ...home.env, IPTRAF_TS_RUN_DIR: folder };
    const args = ['-B', '--foreground', '-i', left.interface, '-L', log, '--log-format', 'json', ...options];
    const before = await quiet();
    const program = left.spawn([process.execPath, PROGRAM, ...args], { env, stdio: 'inherit' });
    const ended = once(program, 'exit');
    while (!text().includes('"started","monitor":"ip-traffic"')) await sleep(50);
    const server = right.spawn([process.execPath, '-e', SERVER, right.ipv4]);
    await once(server.stdout as NodeJS.ReadableStream, 'data');
    const client = left.spawn([process.execPath, '-e', CLIENT, right.ipv4, String(connections)]);
    const ports: Ports = JSON.parse(String(await once(client.stdout as NodeJS.ReadableStream, 'data')));
    const after = await quiet();
    program.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    for (const each of [client, server]) each.kill();
    const lines = text().trim().split('\n');
    const records: RecordLine[] = lines.map((line) => JSON.parse(line));
    const counted = { packets: after.packets - before.packets, wireBytes: after.bytes - before.bytes };
    return { records, ports, counted };
  }

  /** Final records and late packets together, what the last record says, and what the interface counted: all the same. */
  function expectWhole(records: readonly RecordLine[], counted: { packets: number; wireBytes: number }): void {
    const stopped = records.find(
      ({ event, late }) => event === 'stopped' && late !== undefined,
    ) as unknown as StoppedLine;
    const sum = (what: 'packets' | 'wireBytes'): number =>
      finalsOf(records).reduce((all, record) => all + record[what][0] + record[what][1], 0) + stopped.late[what];
    expect(stopped.droppedByKernel).toBe(0);
    expect({ packets: stopped.packets, wireBytes: stopped.wireBytes }).toEqual(counted);
    expect({ packets: sum('packets'), wireBytes: sum('wireBytes') }).toEqual(counted);
  }

  it('are one for each connection made, and with the late packets everything that the interface counted', async () => {
    const { records, ports, counted } = await logged('single.log', CONNECTIONS, []);
    const clientPorts = (protocol: string, event?: string): (number | null | undefined)[] =>
      finalsOf(records)
        .filter((record) => record.protocol === protocol && (event === undefined || record.event === event))
        .map(({ endpoints }) => endpoints?.[0].port)
        .sort();
    expect(ports.closed).toHaveLength(CONNECTIONS);
    expect(clientPorts('tcp', 'closed')).toEqual(ports.closed.sort());
    expect(clientPorts('tcp', 'active')).toEqual(ports.open.sort());
    expect(clientPorts('tcp')).toHaveLength(CONNECTIONS + STILL_OPEN);
    expect(clientPorts('udp')).toEqual(ports.queries.sort());
    const count = (event: string): number => records.filter((record) => record.event === event).length;
    expect([count('opened'), count('fin'), count('lost')]).toEqual([CONNECTIONS + STILL_OPEN, 2 * CONNECTIONS, 0]);
    expectWhole(records, counted);
  });

  it('are one for all queries of a host with --log-flows, and leave nothing out', async () => {
    const { records, counted } = await logged('flows.log', 50, ['--log-flows', '600']);
    const udp = finalsOf(records).filter(({ protocol }) => protocol === 'udp');
    expect(udp.map(({ conversations, packets }) => [conversations, packets])).toEqual([[QUERIES, [QUERIES, 0]]]);
    expect(udp[0].endpoints?.[1].port).toBe(9);
    expectWhole(records, counted);
  });
});

function finalsOf(records: readonly RecordLine[]): RecordLine[] {
  return records.filter(({ final }) => final === true);
}
