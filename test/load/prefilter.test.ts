import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BpfAssembler } from '../../filters/bpf-assembler.ts';
import { runBpf } from '../../filters/bpf-interpreter.ts';
import { ANCILLARY } from '../../filters/bpf-program.ts';
import { PacketFilter } from '../../filters/evaluate.ts';
import { kernelProgram } from '../../filters/prefilter.ts';
import type { PreparedFilter } from '../../filters/prepared.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { Random } from '../fuzz/random.ts';
import { kernelDecoded } from '../support/bpf.ts';
import { bundle } from '../support/bundle.ts';
import { decodeBatch } from '../support/decoding.ts';
import { Driver } from '../support/driver.ts';
import type { SeenPacket } from '../support/filter-driver.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import * as build from '../support/packets.ts';
import { ANY, preparedNetwork, preparedRule, randomFilter } from '../support/random-filter.ts';
import { POOL, randomFrame } from '../support/random-frames.ts';

const unavailable = namespacesUnavailable();
const title = unavailable === null ? 'kernel programs on a veth' : `kernel programs (skipped: ${unavailable})`;

/** Rings that run a program each on the same packets: most of the time goes into waiting for these. */
const PROGRAM_RINGS = ['some', 'others', 'more'] as const;

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}

function hexOf(program: BpfProgram | null): string | null {
  return program === null ? null : build.toHex(program.instructions);
}

/** An 802.3 frame without 802.2, as IPX once was sent. */
const NOVELL_FRAME = build.toHex(build.ethernet(30, build.concat(build.u16(0xffff), build.filler(28))));

/** Frames that a packet socket may send: with a link-layer header, tags in their bytes. */
function framesToSend(random: Random, count: number): string[] {
  const frames: string[] = [];
  while (frames.length < count) {
    const { bytes, linkType, strippedTag = 0 } = randomFrame(random);
    if (linkType !== LINKTYPE.ethernet || bytes.length < 20 || bytes.length > 1400) continue;
    const tag = strippedTag === 0 ? new Uint8Array(0) : build.u32(strippedTag);
    frames.push(build.toHex(build.concat(bytes.subarray(0, 12), tag, bytes.subarray(12))));
  }
  return frames;
}

/** Packets as the decoder and our interpreter get them. `slotOf`: number of an interface. */
function testPackets(packets: readonly SeenPacket[], slotOf: (name: string) => number): build.TestPacket[] {
  return packets.map((packet) => ({
    ...packet,
    bytes: build.hex(packet.bytes),
    interfaceSlot: slotOf(packet.interface),
  }));
}

/** A packet for comparison. */
function textOf({ bytes, interface: name, packetType, strippedTag }: SeenPacket): string {
  return `${name} type ${packetType} tag ${strippedTag.toString(16)} ${bytes}`;
}

describe.skipIf(unavailable !== null)(title, () => {
  let pair: NamespacePair;
  let drivers: Driver[] = [];

  beforeAll(async () => {
    pair = await createNamespacePair('prefilt');
  });
  afterAll(() => pair?.dispose());
  afterEach(async () => {
    await Promise.all(drivers.map((driver) => driver.end()));
    drivers = [];
  });

  async function startDriver(side: 'left' | 'right'): Promise<Driver> {
    const driver = await Driver.start('test/support/filter-driver.ts', pair[side]);
    drivers.push(driver);
    return driver;
  }

  /** A driver with rings on the same interfaces: "all" without a program, and those for programs. */
  async function startRings(side: 'left' | 'right', interfaces: string[] | 'all'): Promise<Driver> {
    const driver = await startDriver(side);
    for (const name of ['all', ...PROGRAM_RINGS]) await driver.ask('open', { name, interfaces });
    return driver;
  }

  /** Runs these programs; the kernel must take them. */
  async function attach(driver: Driver, programs: readonly (BpfProgram | null)[]): Promise<void> {
    for (const [n, program] of programs.entries()) {
      expect(await driver.ask('prefilter', { name: PROGRAM_RINGS[n], program: hexOf(program) })).toBeNull();
    }
  }

  /** What the rings saw once `expected` packets have come and nothing more does; `some`: by program. */
  async function takeAll(driver: Driver, expected: number): Promise<{ all: SeenPacket[]; some: SeenPacket[][] }> {
    await expect
      .poll(async () => driver.ask<number>('count', 'all'), { timeout: 5000 })
      .toBeGreaterThanOrEqual(expected);
    // A block is handed over 36 ms after its first packet.
    await sleep(150);
    const some: SeenPacket[][] = [];
    const all = await driver.ask<SeenPacket[]>('take', 'all');
    for (const name of PROGRAM_RINGS) some.push(await driver.ask('take', name));
    return { all, some };
  }

  it('judge as our interpreter does what stands beside the packet', async () => {
    const right = await startRings('right', 'all');
    const left = await startRings('left', 'all');
    const random = new Random(2024);
    for (const [driver, name] of [
      [left, 'left'],
      [right, 'right'],
    ] as const) {
      const index = await driver.ask<number>('index', name);
      const facts: [fact: keyof typeof ANCILLARY, value: number][] = [
        ['packetType', 0],
        ['packetType', 1],
        ['packetType', 2],
        ['packetType', 3],
        ['packetType', 4],
        ['interfaceIndex', index],
        ['interfaceIndex', index + 1],
        ['hardwareType', 1],
        ['hardwareType', 772],
        ['vlanTag', 10],
        ['vlanTag', 0],
        ['vlanTagPresent', 0],
        ['vlanTagPresent', 1],
        ['vlanTpid', 0x88a8],
        ['protocol', 0x0800],
        ['protocol', 0x86dd],
        ['protocol', 0x8100],
      ];
      // What a packet socket sends keeps its length there; the kernel's own 802.2 frames do not.
      if (name === 'right') facts.push(['protocol', 4], ['protocol', 1]);
      for (const group of groupsOf(facts, PROGRAM_RINGS.length)) {
        const programs = group.map(([fact, value]) => factProgram(ANCILLARY[fact], value));
        await attach(driver, programs);
        const frames = [...framesToSend(random, 80), NOVELL_FRAME];
        await left.ask('send', { interface: 'left', frames });
        const { all, some } = await takeAll(driver, frames.length);
        const batch = build.packetBatch(testPackets(all, () => index - 1));
        for (const [n, program] of programs.entries()) {
          const decoded = kernelDecoded(program);
          const expected = all.filter((_, i) => runBpf(decoded, batch, i) !== 0);
          expect(some[n].map(textOf).sort(), `${group[n].join(' ')} on ${name}`).toEqual(expected.map(textOf).sort());
        }
      }
      // The other side saw all of this, too.
      for (const ring of ['all', ...PROGRAM_RINGS]) await right.ask('take', ring);
    }
  });

  it.each([
    ['right', 'incoming'],
    ['left', 'outgoing'],
  ] as const)('of random filters never drop what matches, on the %s side (%s)', async (side, _) => {
    const driver = await startRings(side, [side]);
    const left = side === 'left' ? driver : await startDriver('left');
    const seen = { programs: 0, kept: 0, dropped: 0 };
    const filters = Array.from({ length: 40 }, (_, n) => randomFilter(new Random(n + 1))).flatMap((filter) => {
      const made = kernelProgram(filter, { decapsulate: false });
      return made === null ? [] : [{ filter, program: made.program }];
    });
    for (const [round, group] of groupsOf(filters, PROGRAM_RINGS.length).entries()) {
      await attach(
        driver,
        group.map(({ program }) => program),
      );
      const frames = framesToSend(new Random(round + 1), 120);
      await left.ask('send', { interface: 'left', frames });
      const { all, some } = await takeAll(driver, frames.length);
      for (const [n, { filter, program }] of group.entries()) {
        compare(filter, program, all, some[n], `round ${round}, program ${n}`);
        seen.programs++;
        seen.kept += some[n].length;
        seen.dropped += all.length - some[n].length;
      }
    }
    expect(seen.programs).toBeGreaterThan(20);
    expect(Math.min(seen.kept, seen.dropped), JSON.stringify(seen)).toBeGreaterThan(300);
  });

  /** What matches is in both, and the kernel's verdict is our interpreter's. */
  function compare(
    filter: PreparedFilter,
    program: BpfProgram,
    all: SeenPacket[],
    some: SeenPacket[],
    what: string,
  ): void {
    const decoded = kernelDecoded(program);
    const batch = decodeBatch(build.packetBatch(testPackets(all, () => POOL.interface.indexOf('eth0'))));
    const accepted = all.filter((_, i) => runBpf(decoded, batch.packets, i) !== 0);
    expect(some.map(textOf).sort(), what).toEqual(accepted.map(textOf).sort());
    new PacketFilter(filter).select(batch, (slot) => POOL.interface[slot]);
    const counts = new Map<string, number>();
    for (const packet of some) counts.set(textOf(packet), (counts.get(textOf(packet)) ?? 0) + 1);
    for (const [i, packet] of all.entries()) {
      if (batch.selected[i] === 0) continue;
      const left = counts.get(textOf(packet)) ?? 0;
      expect(left, `${what}: ${textOf(packet)}`).toBeGreaterThan(0);
      counts.set(textOf(packet), left - 1);
    }
  }

  it('agree with user space on the direction on loopback, where each packet is seen once', async () => {
    const driver = await startRings('left', ['lo']);
    const filters = (['in', 'out'] as const).map(
      (direction): PreparedFilter => ({
        text: direction,
        rules: [preparedRule({ direction })],
        unmatched: 'drop',
        local: [],
      }),
    );
    await attach(
      driver,
      filters.map((filter) => kernelProgram(filter, { decapsulate: false })?.program ?? null),
    );
    pair.left.run('ping', '-q', '-c', '5', '-i', '0.01', '127.0.0.1');
    const { all, some } = await takeAll(driver, 10);
    expect(all).toHaveLength(10);
    for (const [n, filter] of filters.entries()) {
      const expected = filter.text === 'in' ? 10 : 0;
      const batch = decodeBatch(build.packetBatch(testPackets(all, () => 0)));
      new PacketFilter(filter).select(batch, () => 'lo');
      expect([some[n].length, batch.selected.subarray(0, 10).reduce((sum, one) => sum + one)]).toEqual([
        expected,
        expected,
      ]);
    }
  });

  it('replaced again and again lose nothing that matches them all', async () => {
    const driver = await startDriver('right');
    await driver.ask('open', { name: 'some', interfaces: ['right'] });
    const count = 50_000;
    const sender = await bundle('test/support/raw-sender.ts');
    const frames = [9, 10, 11, 12].map((port) => build.toHex(udpTo(port)));
    const child = pair.left.spawn([process.execPath, sender, 'left', String(count), ...frames]);
    const sent = once(child.stdout as Readable, 'data');
    const programs = [portFilter([9, 10]), portFilter([9, 11]), null];
    await driver.ask('replace', { name: 'some', programs: programs.map(hexOf), times: 300, pause: 3 });
    expect(Number(((await sent) as [Buffer])[0])).toBe(4 * count);
    type Tally = Record<string, { byPort: Record<string, number>; droppedByKernel: number }>;
    const { some } = await driver.until<Tally>('tally', (tally) => tally.some.byPort[9] >= count);
    expect([some.byPort[9], some.droppedByKernel]).toEqual([count, 0]);
    // The programs did run: what only some of them take is there in part.
    for (const port of [10, 11, 12]) {
      expect(some.byPort[port]).toBeGreaterThan(0);
      expect(some.byPort[port]).toBeLessThan(count);
    }
  });

  it('are taken as long as the kernel allows, and longer ones are refused with the reason', async () => {
    const driver = await startDriver('right');
    await driver.ask('open', { name: 'some', interfaces: ['right'] });
    expect(await driver.ask('prefilter', { name: 'some', program: hostsFilter(1500) })).toBeNull();
    expect(await driver.ask('prefilter', { name: 'some', program: hostsFilter(1501) })).toBeNull();
    const refusal = await driver.ask('prefilter', { name: 'some', program: hostsFilter(4000) });
    expect(refusal).toMatch(/^\d+ instructions; the kernel takes 4096$/);
  });

  it('replace one another where memory does not suffice for both', async (context) => {
    const setting = 'net.core.optmem_max';
    const path = `/proc/sys/${setting.replaceAll('.', '/')}`;
    // Namespaces of older kernels have no limit of their own.
    if (pair.right.run('sh', '-c', `ls ${path} || true`) === '') return context.skip();
    const before = pair.right.run('cat', path).trim();
    pair.right.run('sysctl', '-qw', `${setting}=20480`);
    try {
      const driver = await startDriver('right');
      await driver.ask('open', { name: 'some', interfaces: ['right'] });
      for (const hosts of [1000, 1001, 1002]) {
        expect(await driver.ask('prefilter', { name: 'some', program: hostsFilter(hosts) })).toBeNull();
      }
      expect(await driver.ask('prefilter', { name: 'some', program: hostsFilter(2000) })).toMatch(/optmem_max/);
    } finally {
      pair.right.run('sysctl', '-qw', `${setting}=${before}`);
    }
  });
});

/** Takes packets to so many hosts; about 1.3 instructions each. */
function hostsFilter(hosts: number): string | null {
  const networks = Array.from({ length: hosts }, (_, n) => preparedNetwork(`10.0.${n >> 7}.${(n & 127) * 2}`));
  const rule = preparedRule({ destination: { ...ANY, networks }, bothWays: false });
  const filter: PreparedFilter = { text: 'hosts', rules: [rule], unmatched: 'drop', local: [] };
  return hexOf(kernelProgram(filter, { decapsulate: false })?.program ?? null);
}

/** Accepts packets of which this fact has this value. */
function factProgram(which: number, value: number): BpfProgram {
  const bpf = new BpfAssembler();
  const no = bpf.label();
  bpf.loadAncillary(which);
  bpf.jumpIf('equal', value, null, no);
  bpf.returnConstant(1);
  bpf.place(no);
  bpf.returnConstant(0);
  return bpf.assemble();
}

function udpTo(port: number): Uint8Array {
  const ip = build.ipv4(
    { source: '10.91.0.1', destination: '10.91.0.9', protocol: 17 },
    build.udp(9000, port, build.filler(18)),
  );
  return build.ethernet(0x0800, ip, { destination: '02:00:00:00:91:02', source: '02:00:00:00:91:01' });
}

function portFilter(ports: number[]): BpfProgram | null {
  const rule = preparedRule({
    destination: { ...ANY, ports: ports.map((port) => [port, port] as const) },
    bothWays: false,
  });
  const filter: PreparedFilter = { text: 'ports', rules: [rule], unmatched: 'drop', local: [] };
  return kernelProgram(filter, { decapsulate: false })?.program ?? null;
}
