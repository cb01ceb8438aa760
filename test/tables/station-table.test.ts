import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConversationTable } from '../../src/tables/conversation-table.ts';
import { LISTED_ADDRESSES, MAXIMUM_PAIRS, StationAddresses } from '../../src/tables/station-addresses.ts';
import {
  STATION_DOUBLE,
  STATION_DOUBLES,
  STATION_RATES,
  type StationCounts,
  StationTable,
} from '../../src/tables/station-table.ts';
import { addressText, macText } from '../../src/wire/address.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { createHashSecret } from '../../src/wire/key.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import {
  arp,
  ethernet,
  filler,
  ipv4,
  ipv6,
  llc,
  type PacketLike,
  packetBatches,
  pad,
  type TestPacket,
  tcp,
  udp,
} from '../support/packets.ts';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** A station table behind a decoder and a conversation table, as the engine has it. */
class Stage {
  readonly table: StationTable;
  readonly conversations: ConversationTable;
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 5 });
  readonly #batch = new DecodedBatch();

  constructor(maximumStations?: number) {
    this.table = new StationTable(maximumStations);
    this.conversations = new ConversationTable({ maximumRows: 20_000 });
    this.conversations.onOverflow = (changed) => this.table.noteConversations(changed, this.conversations);
  }

  pass(packets: readonly PacketLike[], selects: (i: number) => boolean = () => true): this {
    for (const [k, packetBatch] of packetBatches(packets).entries()) {
      const batch = this.#batch;
      this.#decoder.decode(packetBatch, batch);
      for (let i = 0; i < batch.count; i++) batch.selected[i] = selects(k * 256 + i) ? 1 : 0;
      this.conversations.account(batch);
      this.table.account(batch);
      this.table.settleConversations(this.conversations);
    }
    return this;
  }

  closeWindow(seconds = 1): this {
    this.conversations.closeWindow(seconds, (changed) => this.table.noteConversations(changed, this.conversations));
    this.table.closeWindow(seconds);
    return this;
  }

  /** Row of a station, or -1. */
  row(mac: string, slot = 0): number {
    const [high, low] = [mac.slice(0, 5), mac.slice(6)].map((text) => Number.parseInt(text.replaceAll(':', ''), 16));
    return this.table.find(high, low, slot);
  }

  addresses(mac: string, slot = 0): string[] {
    const { addresses } = this.table;
    const row = this.row(mac, slot);
    return Array.from({ length: addresses.listedCount(row) }, (_, k) =>
      addressText(addresses.words, addresses.addressAt(row, k)),
    );
  }

  rates(mac: string): number[] {
    const at = this.row(mac) * STATION_RATES;
    return Array.from(this.table.rates.subarray(at, at + STATION_RATES));
  }

  /** "interface mac" -> the eight counters, out then in. */
  counters(): Map<string, number[]> {
    const { table } = this;
    const rows = liveRows(table);
    const at = (row: number): number => row * STATION_DOUBLES + STATION_DOUBLE.out;
    return new Map(
      rows.map((row) => [
        `${table.slotOf(row)} ${macText(table.highOf(row), table.lowOf(row))}`,
        Array.from(table.f64.subarray(at(row), at(row) + 8)),
      ]),
    );
  }
}

function liveRows(table: StationTable): number[] {
  return Array.from({ length: table.highWater }, (_, row) => row).filter((row) => table.isLive(row));
}

interface Frame {
  source: string;
  destination: string;
  slot: number;
  kind: 'tcp' | 'udp6' | 'arp' | 'stp';
  size: number;
  selected: boolean;
}

const anyMac = fc.integer({ min: 0, max: 30 }).map((n) => (n === 30 ? BROADCAST : `02:00:5e:00:00:${n + 10}`));
const anyFrame: fc.Arbitrary<Frame> = fc.record({
  source: anyMac,
  destination: anyMac,
  slot: fc.integer({ min: 0, max: 2 }),
  kind: fc.constantFrom('tcp', 'udp6', 'arp', 'stp'),
  size: fc.integer({ min: 0, max: 200 }),
  selected: fc.constantFrom(true, true, true, false),
});

function bytesOf({ kind, size, ...macs }: Frame): Uint8Array {
  if (kind === 'tcp') return ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.tcp }, tcp({}, filler(size))), macs);
  if (kind === 'udp6')
    return ethernet(ETHERTYPE.ipv6, ipv6({ nextHeader: IP_PROTOCOL.udp }, udp(1, 2, filler(size))), macs);
  return kind === 'arp' ? pad(ethernet(ETHERTYPE.arp, arp(), macs)) : pad(llc(0x42, 0x42, 3, filler(size), macs));
}

/** IP bytes of a frame, from what it was built of. */
const IP_BYTES = { tcp: 40, udp6: 48, arp: 0, stp: 0 } as const;

/** What the table should hold, kept in a Map. */
function model(frames: readonly Frame[]): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  const add = (key: string, at: number, counts: readonly number[]): void => {
    const row = rows.get(key) ?? [0, 0, 0, 0, 0, 0, 0, 0];
    counts.forEach((count, k) => {
      row[at + k] += count;
    });
    rows.set(key, row);
  };
  for (const frame of frames.filter(({ selected }) => selected)) {
    const base = IP_BYTES[frame.kind];
    const counts = [1, base > 0 ? 1 : 0, base > 0 ? base + frame.size : 0, bytesOf(frame).length];
    add(`${frame.slot} ${frame.source}`, 0, counts);
    add(`${frame.slot} ${frame.destination}`, 4, counts);
  }
  return rows;
}

function packetsOf(frames: readonly Frame[]): TestPacket[] {
  return frames.map((frame) => ({ bytes: bytesOf(frame), interfaceSlot: frame.slot }));
}

function plus(a: StationCounts, b: StationCounts): StationCounts {
  return {
    packets: a.packets + b.packets,
    ipPackets: a.ipPackets + b.ipPackets,
    ipBytes: a.ipBytes + b.ipBytes,
    wireBytes: a.wireBytes + b.wireBytes,
  };
}

/** A frame from station `number` to the next one. */
function frameOf(number: number, seconds = 1): TestPacket {
  const mac = (n: number): string =>
    `02:10:${n
      .toString(16)
      .padStart(8, '0')
      .replace(/..(?=.)/g, '$&:')}`;
  const bytes = ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 2)), {
    source: mac(number),
    destination: B,
  });
  return { bytes, seconds };
}

describe('the station table', () => {
  it('holds what a plain Map would hold, whatever the traffic', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 600 }), (frames) => {
        const stage = new Stage().pass(packetsOf(frames), (i) => frames[i].selected);
        expect(stage.counters()).toEqual(model(frames));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps one row for each interface', () => {
    const stage = new Stage().pass([0, 1, 1].map((slot) => ({ ...frameOf(1), interfaceSlot: slot })));
    expect([...stage.counters()].filter(([key]) => key.endsWith(B)).map(([key, row]) => [key, row[4]])).toEqual([
      [`0 ${B}`, 1],
      [`1 ${B}`, 2],
    ]);
  });

  it('counts what has no addresses apart: cut off, of another link layer, of loopback', () => {
    const loopback = '00:00:00:00:00:00';
    const packet = ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 2));
    const stage = new Stage().pass([
      { bytes: packet, linkType: 101 },
      ethernet(ETHERTYPE.ipv4, packet, { source: loopback, destination: loopback }),
      { bytes: ethernet(ETHERTYPE.ipv4, packet), capturedLength: 8 },
    ]);
    expect(stage.table.count).toBe(0);
    expect(stage.table.withoutAddresses).toMatchObject({ packets: 3, ipPackets: 2, ipBytes: 56 });
    stage.table.reset();
    expect(stage.table.withoutAddresses.packets).toBe(0);
  });

  it('counts a large buffer as its segments', () => {
    const bytes = ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.tcp }, tcp({}, filler(3000))));
    const stage = new Stage().pass([{ bytes, gsoSize: 1000 }]);
    expect(stage.counters().get(`0 ${A}`)).toEqual([3, 3, 3120, 3162, 0, 0, 0, 0]);
  });

  it('gives rates of the window that closed, and none after a window without frames', () => {
    const stage = new Stage().pass([frameOf(1), frameOf(1)]).closeWindow(2);
    expect(stage.rates(B)).toEqual([28, 0, 42, 0]);
    expect(stage.rates('02:10:00:00:00:01')).toEqual([0, 28, 0, 42]);
    stage.pass([frameOf(1)]).closeWindow(0.5);
    expect(stage.rates(B)).toEqual([56, 0, 84, 0]);
    stage.closeWindow();
    expect(stage.rates(B)).toEqual([0, 0, 0, 0]);
    // A window without a length has no rates.
    stage.pass([frameOf(1)]).closeWindow(0);
    expect(stage.rates(B)).toEqual([0, 0, 0, 0]);
    stage.closeWindow();
    expect(stage.rates(B)).toEqual([0, 0, 0, 0]);
  });

  it('folds the longest idle away when it is full, and nothing is lost', () => {
    const stage = new Stage(64);
    const count = 1000;
    for (let n = 0; n < count; n++) stage.pass([frameOf(n, 1 + n)]);
    const { table } = stage;
    expect(table.count).toBeLessThanOrEqual(64);
    expect(table.evicted.stations).toBe(count + 1 - table.count);
    // The newest stayed, and whoever is spoken to all the time.
    expect(stage.row('02:10:00:00:03:e7')).toBeGreaterThanOrEqual(0);
    expect(stage.counters().get(`0 ${B}`)?.[4]).toBe(count);
    const rows = [...stage.counters().values()];
    const sum = (at: number): number => rows.reduce((total, row) => total + row[at], 0);
    expect(sum(0) + table.evicted.out.packets).toBe(count);
    expect(sum(7) + table.evicted.in.wireBytes).toBe(count * 42);
    expect(plus(table.evicted.in, table.evicted.out).ipPackets).toBe(table.evicted.out.packets);
  });

  it('never gives an id twice, through eviction and reset', () => {
    const stage = new Stage(32);
    /** Whose id it is: a station between two resets. */
    const owners = new Map<number, string>();
    let resets = 0;
    for (let n = 0; n < 400; n++) {
      if (n % 90 === 89) {
        stage.table.reset();
        resets++;
      }
      stage.pass([frameOf(n, 1 + n)]);
      for (const row of liveRows(stage.table)) {
        const id = stage.table.idOf(row);
        const owner = `${stage.table.highOf(row)} ${stage.table.lowOf(row)}, reset ${resets}`;
        expect(stage.table.rowOf(id)).toBe(row);
        expect(owners.get(id) ?? owner).toBe(owner);
        owners.set(id, owner);
      }
    }
    expect(owners.size).toBe(400 + resets + 1);
    expect(stage.table.rowOf(-1)).toBe(-1);
    expect(stage.table.rowOf(1e15)).toBe(-1);
  });

  it('keeps no address of the station that had the row before', () => {
    const stage = new Stage(16);
    stage.pass([frameOf(0)]).closeWindow();
    expect(stage.addresses('02:10:00:00:00:00')).toEqual(['10.0.0.1']);
    for (let n = 1; n < 40; n++) stage.pass([frameOf(n, 1 + n)]);
    for (const row of liveRows(stage.table)) expect(stage.table.addresses.listedCount(row)).toBe(0);
  });
});

describe('addresses behind a station', () => {
  const fromTo = (source: string, destination: string, macs: { source: string; destination: string }): Uint8Array =>
    ethernet(ETHERTYPE.ipv4, ipv4({ source, destination, protocol: IP_PROTOCOL.udp }, udp(1, 2)), macs);

  it('are those it sent from, not those it was sent to for others', () => {
    const stage = new Stage().pass([
      fromTo('10.0.0.2', '203.0.113.9', { source: A, destination: B }),
      fromTo('203.0.113.9', '10.0.0.2', { source: B, destination: A }),
      fromTo('10.0.0.2', '198.51.100.1', { source: A, destination: B }),
    ]);
    stage.closeWindow();
    expect(stage.addresses(A)).toEqual(['10.0.0.2']);
    expect(stage.addresses(B)).toEqual(['203.0.113.9']);
  });

  it('belong to the interface that they were seen on', () => {
    const bytes = fromTo('10.0.0.2', '10.0.0.3', { source: A, destination: B });
    const stage = new Stage().pass([{ bytes, interfaceSlot: 1 }]).closeWindow();
    expect(stage.row(A, 0)).toBe(-1);
    expect(stage.addresses(A, 1)).toEqual(['10.0.0.2']);
  });

  it('are none that nobody can send from', () => {
    const unspecified6 = ipv6({ source: '::', destination: 'ff02::16', nextHeader: IP_PROTOCOL.udp }, udp(1, 2));
    const macs = { source: A, destination: B };
    const stage = new Stage().pass([
      fromTo('0.0.0.0', '255.255.255.255', macs),
      fromTo('224.0.0.1', '10.0.0.1', macs),
      ethernet(ETHERTYPE.ipv6, unspecified6, macs),
      ethernet(ETHERTYPE.arp, arp({ senderIp: '0.0.0.0' }), macs),
    ]);
    stage.closeWindow();
    expect(stage.addresses(A)).toEqual([]);
  });

  // iptraf-ng breaks off at an ARP opcode that it does not know.
  it.each([1, 2, 9, 0xffff])('are told by ARP, whatever its opcode (%i)', (opcode) => {
    const bytes = pad(
      ethernet(ETHERTYPE.arp, arp({ opcode, senderMac: A, senderIp: '10.1.2.3' }), { source: A, destination: B }),
    );
    const stage = new Stage().pass([bytes]);
    expect(stage.addresses(A)).toEqual(['10.1.2.3']);
    expect(stage.addresses(B)).toEqual([]);
    expect(stage.counters().get(`0 ${A}`)).toEqual([1, 0, 0, 60, 0, 0, 0, 0]);
  });

  it('are not told by ARP that speaks for another station, is cut off, or is of another network', () => {
    const frame = (bytes: Uint8Array): Uint8Array => ethernet(ETHERTYPE.arp, bytes, { source: A, destination: B });
    const ofAnotherNetwork = arp({ senderMac: A });
    ofAnotherNetwork[2] = 0x86;
    const stage = new Stage().pass([
      frame(arp({ senderMac: B })),
      { bytes: frame(arp({ senderMac: A })), capturedLength: 40 },
      frame(ofAnotherNetwork),
      frame(filler(3)),
    ]);
    expect(stage.addresses(A)).toEqual([]);
    expect(stage.counters().get(`0 ${A}`)?.[0]).toBe(4);
  });

  it('are counted one by one, and the newest are listed', () => {
    const stage = new Stage();
    const address = (n: number): string => `10.0.${n >> 8}.${n & 255}`;
    const packets = Array.from({ length: 5000 }, (_, n) =>
      fromTo(address(n % 3000), '192.0.2.1', { source: A, destination: B }),
    );
    stage.pass(packets).closeWindow();
    expect(stage.table.addresses.distinctCount(stage.row(A))).toBe(3000);
    expect(stage.table.addresses.isExact(stage.row(A))).toBe(true);
    expect(stage.addresses(A)).toHaveLength(LISTED_ADDRESSES);
    stage.pass([packets[7]]).closeWindow();
    expect(stage.addresses(A)[0]).toBe(address(7));
    expect(stage.table.addresses.distinctCount(stage.row(A))).toBe(3000);
  });
});

describe('the memory of addresses', () => {
  const SECRET = createHashSecret(9);
  const note = (addresses: StationAddresses, row: number, n: number): void =>
    addresses.note(row, Uint32Array.of(0, 0, 0xffff, n), 0, SECRET);

  it('holds what a Set and a list would hold', () => {
    const anyNote = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(fc.array(anyNote, { maxLength: 400 }), (notes) => {
        const addresses = new StationAddresses(3);
        const lists: number[][] = [[], [], []];
        for (const [row, n] of notes) {
          note(addresses, row, n);
          lists[row] = [n, ...lists[row].filter((other) => other !== n)];
        }
        for (const [row, list] of lists.entries()) {
          const words = Array.from(
            { length: addresses.listedCount(row) },
            (_, k) => addresses.words[addresses.addressAt(row, k) + 3],
          );
          expect(words).toEqual(list.slice(0, LISTED_ADDRESSES));
          expect(addresses.distinctCount(row)).toBe(list.length);
        }
      }),
    );
  });

  it('says "at least" when it is full, and makes room from stations that are gone', () => {
    const addresses = new StationAddresses(4);
    for (let n = 0; n < MAXIMUM_PAIRS / 2; n++) note(addresses, 0, n);
    addresses.forget(0);
    for (let n = 0; n < MAXIMUM_PAIRS; n++) note(addresses, 1, n);
    expect([addresses.distinctCount(1), addresses.isExact(1)]).toEqual([MAXIMUM_PAIRS, true]);
    for (let n = 0; n < 100; n++) note(addresses, 2, n);
    note(addresses, 3, 1);
    expect([addresses.distinctCount(2), addresses.isExact(2)]).toEqual([LISTED_ADDRESSES, false]);
    expect(addresses.isExact(1)).toBe(false);
    expect([addresses.distinctCount(3), addresses.isExact(3)]).toEqual([1, true]);
    addresses.reset();
    expect([addresses.distinctCount(1), addresses.isExact(1)]).toEqual([0, true]);
  });
});
