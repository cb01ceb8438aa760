import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONVERSATION_STATES } from '../../screens/ip-traffic/types.ts';
import {
  type ChangedRows,
  CONVERSATION_STATE,
  ConversationTable,
  ROW_DOUBLE,
  ROW_DOUBLES,
  ROW_RATES,
  ROW_WORDS,
} from '../../src/tables/conversation-table.ts';
import { TcpTracker } from '../../src/tables/tcp-tracker.ts';
import { KEY_WORDS, NO_ROW } from '../../src/wire/decoded-batch.ts';
import { BATCH_CAPACITY } from '../../src/wire/packet-batch.ts';
import { type DecodedPacket, decodedBatch } from '../support/decoded.ts';

const SMALLEST_TABLE = BATCH_CAPACITY * 4;

function tableOf(maximumRows = 100_000): ConversationTable {
  return new ConversationTable({ maximumRows });
}

function account(table: ConversationTable, packets: readonly DecodedPacket[]): void {
  for (let at = 0; at < packets.length; at += BATCH_CAPACITY) {
    table.account(decodedBatch(packets.slice(at, at + BATCH_CAPACITY)));
  }
}

function flow(number: number, time = 0): DecodedPacket {
  return { source: 0x0a000000 + number, destination: 0x0b000000, sourcePort: 1024, destinationPort: 53, time };
}

/** The six counters of a row. */
function countersOf(table: ConversationTable, row: number): number[] {
  const at = row * ROW_DOUBLES + ROW_DOUBLE.packets;
  return Array.from(table.f64.subarray(at, at + 6));
}

function liveRows(table: ConversationTable): number[] {
  return Array.from({ length: table.highWater }, (_, row) => row).filter((row) => table.isLive(row));
}

function keyText(table: ConversationTable, row: number): string {
  return table.u32.subarray(row * ROW_WORDS, row * ROW_WORDS + KEY_WORDS).join();
}

/** Sums of packets, IP bytes and wire bytes. */
function sums(counters: readonly number[][]): number[] {
  return [0, 2, 4].map((k) => counters.reduce((sum, row) => sum + row[k] + row[k + 1], 0));
}

function folded(...parts: { packets: number; ipBytes: number; wireBytes: number }[]): number[] {
  return [
    parts.reduce((sum, part) => sum + part.packets, 0),
    parts.reduce((sum, part) => sum + part.ipBytes, 0),
    parts.reduce((sum, part) => sum + part.wireBytes, 0),
  ];
}

const anyPacket: fc.Arbitrary<DecodedPacket> = fc.record({
  source: fc.integer({ min: 1, max: 40 }),
  destination: fc.integer({ min: 1, max: 40 }),
  sourcePort: fc.integer({ min: 1, max: 4 }),
  destinationPort: fc.integer({ min: 1, max: 4 }),
  protocol: fc.constantFrom(6, 17, 132),
  slot: fc.integer({ min: 0, max: 2 }),
  time: fc.integer({ min: 0, max: 100 }),
  segments: fc.integer({ min: 1, max: 45 }),
  ipBytes: fc.integer({ min: 20, max: 65535 }),
  wireBytes: fc.integer({ min: 60, max: 70000 }),
  selected: fc.constantFrom(1, 1, 1, 0),
});

/** What the table should hold, kept in a Map. */
class Model {
  readonly rows = new Map<string, number[]>();

  add(packets: readonly DecodedPacket[]): void {
    for (const packet of packets) {
      if (packet.selected === 0) continue;
      const batch = decodedBatch([packet]);
      const key = batch.key.subarray(0, KEY_WORDS).join();
      const row = this.rows.get(key) ?? [0, 0, 0, 0, 0, 0];
      const side = batch.direction[0];
      row[side] += batch.segments[0];
      row[2 + side] += batch.ipBytes[0];
      row[4 + side] += batch.wireBytes[0];
      this.rows.set(key, row);
    }
  }
}

describe('the conversation table', () => {
  it('holds what a plain Map would hold, whatever the traffic', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyPacket, { maxLength: 200 }), { maxLength: 8 }), (batches) => {
        const table = tableOf();
        const model = new Model();
        for (const packets of batches) {
          table.account(decodedBatch(packets));
          model.add(packets);
        }
        const actual = new Map(liveRows(table).map((row) => [keyText(table, row), countersOf(table, row)]));
        expect(actual).toEqual(model.rows);
      }),
      { numRuns: 60 },
    );
  });

  it('hands out changes that add up to the counters, however windows are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyPacket, { maxLength: 200 }), { maxLength: 8 }), (batches) => {
        const table = tableOf();
        const rolledUp = new Map<string, number[]>();
        const roll = (changed: ChangedRows): void => {
          for (let k = 0; k < changed.count; k++) {
            const row = changed.rows[k];
            const sum = rolledUp.get(keyText(table, row)) ?? [0, 0, 0, 0, 0, 0];
            countersOf(table, row).forEach((value, c) => {
              sum[c] += value - changed.before[k * 6 + c];
            });
            rolledUp.set(keyText(table, row), sum);
          }
        };
        table.onOverflow = roll;
        for (const packets of batches) {
          table.account(decodedBatch(packets));
          table.closeWindow(1, roll);
        }
        const rows = new Map(liveRows(table).map((row) => [keyText(table, row), countersOf(table, row)]));
        expect(rolledUp).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  it('fills batch.row with the row of each packet and NO_ROW where the filter said no', () => {
    const table = tableOf();
    const batch = decodedBatch([flow(1), { ...flow(2), selected: 0 }, flow(1)]);
    table.account(batch);
    expect([batch.row[0], batch.row[1], batch.row[2]]).toEqual([0, NO_ROW, 0]);
  });

  it('finds every conversation again after the index has grown many times', () => {
    const table = tableOf();
    const flows = Array.from({ length: 50_000 }, (_, k) => flow(k));
    account(table, flows);
    account(table, flows);
    expect(table.count).toBe(50_000);
    for (let row = 0; row < 50_000; row++) expect(table.f64[row * ROW_DOUBLES + ROW_DOUBLE.packets]).toBe(2);
  });

  it('needs at most 160 bytes for a conversation when there are 200,000', () => {
    const table = tableOf(1_000_000);
    account(
      table,
      Array.from({ length: 200_000 }, (_, k) => flow(k)),
    );
    expect(table.count).toBe(200_000);
    expect(table.bytesInUse() / table.count).toBeLessThanOrEqual(160);
  });

  it('names the states in the order in which machine output names them', () => {
    const inOrder = Object.entries(CONVERSATION_STATE).sort(([, a], [, b]) => a - b);
    const kebab = inOrder.map(([name]) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
    expect(kebab).toEqual(CONVERSATION_STATES);
  });
});

describe('at the cap', () => {
  it('folds the longest idle conversations away and keeps totals whole', () => {
    const table = tableOf(SMALLEST_TABLE);
    const total = SMALLEST_TABLE + 1;
    account(
      table,
      Array.from({ length: total }, (_, k) => flow(k, k)),
    );
    expect(table.evicted.conversations).toBe(SMALLEST_TABLE / 16);
    const inRows = sums(liveRows(table).map((row) => countersOf(table, row)));
    expect(inRows.map((sum, k) => sum + folded(table.evicted)[k])).toEqual([total, total * 28, total * 42]);
    const oldest = Math.min(...liveRows(table).map((row) => table.f64[row * ROW_DOUBLES + ROW_DOUBLE.lastSeen]));
    expect(oldest).toBe(SMALLEST_TABLE / 16);
  });

  it('keeps totals whole under random traffic with times that run backwards', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 3000, maxLength: 6000 }), (numbers) => {
        const table = tableOf(SMALLEST_TABLE);
        let changes = 0;
        const roll = ({ count, rows, before }: ChangedRows): void => {
          for (let k = 0; k < count; k++) {
            const now = countersOf(table, rows[k]);
            changes += now[0] + now[1] - before[k * 6] - before[k * 6 + 1];
          }
        };
        table.onOverflow = roll;
        account(
          table,
          numbers.map((number, k) => flow(number, (k * 7919) % 100)),
        );
        table.closeWindow(1, roll);
        const inRows = sums(liveRows(table).map((row) => countersOf(table, row)))[0];
        expect(inRows + table.evicted.packets).toBe(numbers.length);
        expect(changes).toBe(numbers.length);
        expect(table.count).toBe(liveRows(table).length);
      }),
      { numRuns: 15 },
    );
  });

  it('never gives an id twice', () => {
    const table = tableOf(SMALLEST_TABLE);
    const seen = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const before = new Set(liveRows(table).map((row) => table.idOf(row)));
      account(
        table,
        Array.from({ length: BATCH_CAPACITY }, (_, k) => flow(round * BATCH_CAPACITY + k, round)),
      );
      for (const row of liveRows(table)) {
        const id = table.idOf(row);
        if (!before.has(id)) expect(seen.has(id)).toBe(false);
        seen.add(id);
        expect(table.rowOf(id)).toBe(row);
      }
    }
    expect(table.evicted.conversations).toBeGreaterThan(SMALLEST_TABLE);
  });

  it('finds the rest of a cluster after rows were taken out of the index', () => {
    const table = tableOf(SMALLEST_TABLE);
    account(
      table,
      Array.from({ length: 4 * SMALLEST_TABLE }, (_, k) => flow(k, k)),
    );
    const rows = liveRows(table);
    for (const row of rows) {
      const number = table.u32[row * ROW_WORDS + 3] - 0x0a000000;
      const batch = decodedBatch([flow(number)]);
      expect(table.find(batch.key, 0, batch.hash[0])).toBe(row);
    }
  });
});

describe('rates', () => {
  const burst: DecodedPacket = { ...flow(1), ipBytes: 1000, wireBytes: 1500 };

  it('are bytes of the window divided by its length, by direction', () => {
    const table = tableOf();
    const answer = { source: 0x0b000000, destination: 0x0a000001, sourcePort: 53, destinationPort: 1024 };
    account(table, [burst, { ...answer, ipBytes: 10, wireBytes: 24 }]);
    table.closeWindow(2, () => undefined);
    const rates = Array.from(table.rates.subarray(0, ROW_RATES));
    expect(rates.sort((a, b) => a - b)).toEqual([5, 12, 500, 750]);
  });

  it('return to zero in the first window without packets', () => {
    const table = tableOf();
    account(table, [burst]);
    table.closeWindow(1, () => undefined);
    table.closeWindow(1, () => undefined);
    expect(Array.from(table.rates.subarray(0, ROW_RATES))).toEqual([0, 0, 0, 0]);
  });

  it('count a window whole when its list of changed rows was handed out early', () => {
    const table = tableOf();
    const flows = Array.from({ length: 20_000 }, (_, k) => ({ ...flow(k), ipBytes: 100 }));
    let early = 0;
    table.onOverflow = (changed) => {
      early += changed.count;
    };
    account(table, flows);
    account(table, flows);
    table.closeWindow(1, () => undefined);
    expect(early).toBeGreaterThan(20_000);
    for (let row = 0; row < 20_000; row++) {
      expect(table.rates[row * ROW_RATES] + table.rates[row * ROW_RATES + 1]).toBe(200);
    }
  });

  it('of a row that took over from a removed one begin at zero', () => {
    const table = tableOf();
    account(table, [burst]);
    table.closeWindow(1, () => undefined);
    table.expireSome(1000, 5);
    account(table, [flow(2, 1000)]);
    expect(Array.from(table.rates.subarray(0, ROW_RATES))).toEqual([0, 0, 0, 0]);
  });
});

describe('expiry', () => {
  it('calls other protocols idle after ten seconds and removes them when closedPersistence has passed', () => {
    const table = tableOf();
    account(table, [flow(1, 100)]);
    expect(table.stateAt(0, 110, 900)).toBe(CONVERSATION_STATE.active);
    expect(table.stateAt(0, 110.001, 900)).toBe(CONVERSATION_STATE.idle);
    table.expireSome(115, 5);
    expect(table.count).toBe(1);
    table.expireSome(116, 5);
    expect(table.count).toBe(0);
    expect(table.removed).toEqual({ conversations: 1, packets: 1, ipBytes: 28, wireBytes: 42 });
  });

  it('removes nothing where closedPersistence is null', () => {
    const table = tableOf();
    account(table, [flow(1, 100)]);
    table.expireSome(1e6, null);
    table.expireSome(1e6 + 2, null);
    expect(table.count).toBe(1);
  });

  it('passes over all rows within about a second, however many ticks it is spread on', () => {
    const table = tableOf();
    account(
      table,
      Array.from({ length: 1000 }, (_, k) => flow(k, 100)),
    );
    table.expireSome(200, null);
    for (let tick = 1; tick <= 5; tick++) table.expireSome(200 + tick * 0.25, 0);
    expect(table.count).toBe(0);
  });

  it('hands out what a row carried in this window before it is freed', () => {
    const table = tableOf();
    let packets = 0;
    const roll = ({ count, rows, before }: ChangedRows): void => {
      for (let k = 0; k < count; k++) packets += countersOf(table, rows[k])[0] - before[k * 6];
    };
    table.onOverflow = roll;
    account(table, [{ ...flow(1, 100), segments: 7 }]);
    table.expireSome(1000, 0);
    table.closeWindow(1, roll);
    expect(packets).toBe(7);
  });
});

describe('reset', () => {
  it('forgets conversations and counters but not which ids were given', () => {
    const table = tableOf();
    new TcpTracker(table, { maximumRows: 100_000 });
    account(table, [flow(1), flow(2)]);
    const ids = [table.idOf(0), table.idOf(1)];
    table.reset();
    expect(table.count).toBe(0);
    account(table, [flow(1), flow(2)]);
    expect(liveRows(table).map((row) => table.idOf(row))).not.toContain(ids[0]);
    expect(liveRows(table).map((row) => countersOf(table, row)[0])).toEqual([1, 1]);
    expect(table.rowOf(ids[1])).toBe(-1);
  });
});
