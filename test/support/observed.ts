/** A NameObserver on a bus of its own, fed with packets. */
import { Bus } from '../../src/engine/bus.ts';
import type { EngineOptions, ObservedName } from '../../src/engine/messages.ts';
import type { MonitorContext } from '../../src/engine/monitor.ts';
import { NameObserver } from '../../src/engine/name-observer.ts';
import { Decoder } from '../../src/wire/decode.ts';
import { DecodedBatch } from '../../src/wire/decoded-batch.ts';
import type { PacketBatch } from '../../src/wire/packet-batch.ts';
import { type PacketLike, packetBatch } from './packets.ts';

export class ObserverStage {
  readonly bus = new Bus();
  readonly options = { observesNames: true } as EngineOptions;
  /** What each event told. */
  readonly told: ObservedName[][] = [];
  readonly observer: NameObserver;
  readonly #decoder = new Decoder({ decapsulate: false, hashSeed: 7 });
  readonly #batch = new DecodedBatch();
  /** Time of the last packet. */
  #time = 0;

  constructor(seed = 1) {
    this.bus.on('names', (names) => this.told.push(names));
    const context: Pick<MonitorContext, 'bus' | 'options'> = { bus: this.bus, options: this.options };
    this.observer = new NameObserver(context as MonitorContext, seed);
    this.observer.attach();
  }

  /** At most one batch of packets; `unselected`: those that the filter leaves out. */
  feed(packets: readonly PacketLike[], unselected: readonly number[] = []): void {
    this.feedBatch(packetBatch(packets), unselected);
  }

  feedBatch(packets: PacketBatch, unselected: readonly number[] = []): void {
    this.#decoder.decode(packets, this.#batch);
    this.#time = this.#batch.time[packets.count - 1];
    for (const i of unselected) this.#batch.selected[i] = 0;
    this.bus.emit('batch', this.#batch);
  }

  tick(time = this.#time): void {
    this.bus.emit('tick', { time, elapsed: 0, interval: 0.25 });
  }

  /** What the packets tell: [address, name, by]. */
  namesOf(...packets: PacketLike[]): [string, string, string][] {
    const before = this.told.length;
    this.feed(packets);
    this.tick();
    return this.told
      .slice(before)
      .flatMap((names) => names.map(({ address, name, by }) => [address, name, by] as [string, string, string]));
  }
}
