/** Packets through everything that stands before the port table in the engine, and the table read as plain figures. */
import { ConversationTable } from '../../src/tables/conversation-table.ts';
import { FragmentTable } from '../../src/tables/fragment-table.ts';
import { PART, PORT_PROTOCOLS, PortTable, type PortView, QUANTITY } from '../../src/tables/port-table.ts';
import { TcpTracker } from '../../src/tables/tcp-tracker.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import { ipProtocolName } from '../../src/wire/numbers.ts';
import { packetBatches, type TestPacket } from './packets.ts';

/** [packets, IP bytes, wire bytes] of a port: in total, to it, from it. */
export interface PortSums {
  total: number[];
  to: number[];
  from: number[];
}

export const QUANTITIES = [QUANTITY.packets, QUANTITY.ipBytes, QUANTITY.wireBytes];

export class PortStage {
  readonly table: ConversationTable;
  readonly tcp: TcpTracker;
  readonly ports: PortTable;
  readonly #fragments = new FragmentTable();
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 5 });
  readonly #batch = new DecodedBatch();

  constructor(maximumRows = 20_000) {
    this.table = new ConversationTable({ maximumRows });
    this.tcp = new TcpTracker(this.table, { maximumRows });
    this.ports = new PortTable(this.table, this.tcp);
    this.table.onOverflow = (changed) => this.ports.add(changed);
  }

  /** In batches, as the engine does it. */
  pass(packets: readonly TestPacket[]): this {
    const batch = this.#batch;
    for (const packetBatch of packetBatches(packets)) {
      this.#decoder.decode(packetBatch, batch);
      this.#fragments.resolve(batch);
      batch.selected.fill(1, 0, batch.count);
      this.#fragments.resolveEarlier(batch);
      this.table.account(batch);
      this.#fragments.settle(batch, this.table);
      this.tcp.update(batch);
      this.ports.settle();
    }
    return this;
  }

  closeWindow(seconds = 1): this {
    this.table.closeWindow(seconds, (changed) => this.ports.add(changed));
    this.ports.closeWindow(seconds);
    return this;
  }

  reset(): void {
    this.table.reset();
    this.tcp.reset();
    this.ports.reset();
  }

  /** Every port of a view by name ("tcp/443"), in the order of names. */
  sums(view: PortView = 'services'): Map<string, PortSums> {
    this.table.handOut();
    return this.#read(view, (id, part) => QUANTITIES.map((quantity) => this.ports.counter(view, id, part, quantity)));
  }

  /** The same a second. */
  rates(view: PortView = 'services'): Map<string, PortSums> {
    return this.#read(view, (id, part) => QUANTITIES.map((quantity) => this.ports.rate(view, id, part, quantity)));
  }

  /** Conversations of every port. */
  conversations(view: PortView = 'services'): Map<string, number> {
    this.table.handOut();
    const counts = new Map<string, number>();
    this.ports.forEach(view, (id) => counts.set(portName(id), this.ports.conversations(view, id)));
    return sorted(counts);
  }

  #read(view: PortView, read: (id: number, part: number) => number[]): Map<string, PortSums> {
    const sums = new Map<string, PortSums>();
    this.ports.forEach(view, (id) => {
      const of = (part: number): number[] => read(id, part);
      sums.set(portName(id), { total: of(PART.total), to: of(PART.to), from: of(PART.from) });
    });
    return sorted(sums);
  }
}

function portName(id: number): string {
  return `${ipProtocolName(PORT_PROTOCOLS[id >>> 16])}/${id & 0xffff}`;
}

function sorted<Value>(map: Map<string, Value>): Map<string, Value> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
