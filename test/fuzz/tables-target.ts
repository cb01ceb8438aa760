/** Decoded batches through fragments, conversations, TCP, stations and totals: whatever comes, rows add up to totals. */
import { ConversationTable, ROW_DOUBLE, ROW_DOUBLES } from '../../src/tables/conversation-table.ts';
import { FragmentTable } from '../../src/tables/fragment-table.ts';
import { STATION_COUNT, STATION_DOUBLE, STATION_DOUBLES, StationTable } from '../../src/tables/station-table.ts';
import { TcpTracker } from '../../src/tables/tcp-tracker.ts';
import { Totals } from '../../src/tables/totals.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import type { TestPacket } from '../support/packets.ts';
import { packetFile, poisonedBatch, randomPackets } from './packets.ts';
import type { Random } from './random.ts';
import type { Corpus, FuzzTarget } from './target.ts';
import { must } from './target.ts';

/** The table's smallest: conversations are evicted in cases of many. */
const MAXIMUM_ROWS = 1024;
/** Fewer than a batch may bring: stations are evicted while it is being counted. */
const MAXIMUM_STATIONS = 64;
const MANY_PACKETS = 1600;
const BATCH_PACKETS = 200;

const decoder = new Decoder({ decapsulate: false, hashSeed: 2 });
const conversations = new ConversationTable({ maximumRows: MAXIMUM_ROWS });
const tcp = new TcpTracker(conversations, { maximumRows: MAXIMUM_ROWS });
const stations = new StationTable(MAXIMUM_STATIONS);
const fragments = new FragmentTable();
const totals = new Totals();
const batch = new DecodedBatch();

interface Sums {
  packets: number;
  ipBytes: number;
  wireBytes: number;
}

export function tablesTarget(corpus: Corpus): FuzzTarget<TestPacket[]> {
  return {
    name: 'tables',
    make: (random) => (random.oneIn(16) ? manyConversations(corpus, random) : randomPackets(corpus, random, 256)),
    check,
    toFile: packetFile,
  };
}

/** Whatever is an IPv4 or IPv6 address in most packets becomes another one. */
function manyConversations(corpus: Corpus, random: Random): TestPacket[] {
  const packets: TestPacket[] = [];
  while (packets.length < MANY_PACKETS) packets.push(...randomPackets(corpus, random, BATCH_PACKETS));
  for (const { bytes } of packets) if (bytes.length > 30) bytes.set(random.bytes(3), random.pick([27, 23, 19]));
  return packets;
}

function check(packets: TestPacket[], random: Random): void {
  for (const table of [conversations, tcp, stations, fragments, totals]) table.reset();
  const expected: Sums = { packets: 0, ipBytes: 0, wireBytes: 0 };
  for (let at = 0; at < packets.length; at += BATCH_PACKETS) {
    account(packets.slice(at, at + BATCH_PACKETS), random);
    addSelected(expected);
    if (random.oneIn(2)) {
      conversations.closeWindow(1, (changed) => stations.noteConversations(changed, conversations));
      stations.closeWindow(1);
    }
    if (random.oneIn(3)) conversations.expireSome(batch.time[batch.count - 1] + random.below(2000), random.below(60));
    compare(sumOfRows(), expected, 'rows, evicted and removed');
    compare(totals, expected, 'totals');
    for (const side of ['in', 'out'] as const)
      compare(sumOfStations(side), expected, `stations (${side}), evicted and without`);
  }
  readTcp();
}

conversations.onOverflow = (changed) => stations.noteConversations(changed, conversations);

function account(packets: readonly TestPacket[], random: Random): void {
  decoder.decode(poisonedBatch(packets, random), batch);
  fragments.resolve(batch);
  for (let i = 0; i < batch.count; i++) batch.selected[i] = random.oneIn(5) ? 0 : 1;
  fragments.resolveEarlier(batch);
  conversations.account(batch);
  fragments.settle(batch, conversations);
  tcp.update(batch);
  stations.account(batch);
  stations.settleConversations(conversations);
  totals.add(batch);
}

function addSelected(sums: Sums): void {
  for (let i = 0; i < batch.count; i++) {
    if (batch.selected[i] === 0) continue;
    sums.packets += batch.segments[i];
    sums.ipBytes += batch.ipBytes[i];
    sums.wireBytes += batch.wireBytes[i];
  }
}

function sumOfRows(): Sums {
  const { evicted, removed, f64 } = conversations;
  const sums: Sums = {
    packets: evicted.packets + removed.packets,
    ipBytes: evicted.ipBytes + removed.ipBytes,
    wireBytes: evicted.wireBytes + removed.wireBytes,
  };
  let live = 0;
  for (let row = 0; row < conversations.highWater; row++) {
    if (!conversations.isLive(row)) continue;
    live++;
    const at = row * ROW_DOUBLES;
    for (const side of [0, 1]) {
      sums.packets += f64[at + ROW_DOUBLE.packets + side];
      sums.ipBytes += f64[at + ROW_DOUBLE.ipBytes + side];
      sums.wireBytes += f64[at + ROW_DOUBLE.wireBytes + side];
    }
  }
  must(
    live === conversations.count && live <= conversations.maximumRows,
    `${live} rows live, ${conversations.count} counted`,
  );
  return sums;
}

function sumOfStations(side: 'in' | 'out'): Sums {
  const { f64, evicted, withoutAddresses } = stations;
  const sums: Sums = { packets: 0, ipBytes: 0, wireBytes: 0 };
  for (const name of ['packets', 'ipBytes', 'wireBytes'] as const) {
    sums[name] = evicted[side][name] + withoutAddresses[name];
    for (let row = 0; row < stations.highWater; row++) {
      if (stations.isLive(row)) sums[name] += f64[row * STATION_DOUBLES + STATION_DOUBLE[side] + STATION_COUNT[name]];
    }
  }
  return sums;
}

function compare(found: Readonly<Sums>, expected: Sums, what: string): void {
  for (const name of ['packets', 'ipBytes', 'wireBytes'] as const) {
    must(found[name] === expected[name], `${name}: ${what} say ${found[name]}, the batches ${expected[name]}`);
  }
}

/** What screens read of every row is a number in range. */
function readTcp(): void {
  for (let row = 0; row < conversations.highWater; row++) {
    if (!conversations.isLive(row)) continue;
    for (const side of [0, 1]) {
      must(!(tcp.retransmissions(row, side) < 0), 'retransmissions below 0');
      must(!(tcp.windowBytes(row, side) > 2 ** 30), 'a window beyond what scaling allows');
    }
    must(!(tcp.rttSeconds(row) < 0), 'a round trip below 0');
  }
}
