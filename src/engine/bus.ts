/**
 * The program's event bus, and its table of contents: everything that happens in the engine is one of these events.
 * Events carry past-tense facts. A batch event carries up to 256 packets: nothing is emitted per packet.
 */
import type { CountedTraffic } from '../capture/capture-source.ts';
import type { ChangedRows } from '../tables/conversation-table.ts';
import type { DecodedBatch } from '../wire/decoded-batch.ts';
import type { LinkView } from './link-view.ts';
import type { EngineFact, ObservedName } from './messages.ts';

/** A moment of the engine's time: live the monotonic clock, set when the wall clock is; packet timestamps in a file. */
export interface Tick {
  /** Seconds since 1970 (wall clock live, packet time in a file). */
  time: number;
  /** Seconds since capture began. */
  elapsed: number;
  /** Seconds since the previous tick. */
  interval: number;
}

/** A second that is over; `interval` says how long it was. */
export interface Second extends Tick {
  /** Seconds since 1970 at which what has been counted ends: live, packets come a little late. */
  counted: number;
}

export interface EngineEvents {
  /** In place of batches: the kernel counted this since the last time (-u). */
  counted: (counted: readonly CountedTraffic[]) => void;
  /** Packets were decoded, filtered and accounted. Borrowed: valid during the call. */
  batch: (batch: DecodedBatch) => void;
  /** Four times a second. */
  tick: (tick: Tick) => void;
  /** Conversations that changed, with what they carried before: once or more often in a rate window. Borrowed. */
  changed: (changed: ChangedRows) => void;
  /**
   * A rate window closed (default 1 s, or --every): rates are new, all its changed rows were handed out. `interval` is
   * the window's own length; 0: it is too short for rates (a file with one packet).
   */
  window: (tick: Tick) => void;
  /**
   * A second is over, by the engine's time and whatever --every is (seconds.ts says more); what changed in it was handed
   * out. Live it is about a second (`interval` says how long), in a file one of packet time: the source cuts its batches
   * there. The last one may be cut short; of a longer silence in a file all but the end is told in a few long pieces.
   */
  second: (second: Second) => void;
  /** The world changed: interface down, file damaged, a threshold passed, … */
  fact: (fact: EngineFact) => void;
  /** Names that were seen on the wire since the last time, a few hundred at most. */
  names: (names: ObservedName[]) => void;
  /** The kernel's view of the interfaces was read anew, this very moment (MonitorContext.links). */
  links: (links: readonly LinkView[]) => void;
  /** Live: the wall clock was set by so many seconds, and engine time with it; no time has passed. */
  'clock-set': (by: number) => void;
  /** Counters were reset by the operator. */
  reset: () => void;
  /** Another filter, or none, decides from now on (MonitorContext.options has it). */
  filter: () => void;
}

type Handler<K extends keyof EngineEvents> = EngineEvents[K];

/** A typed bus. Subscribing returns its undo. Handlers run in the order of subscription; a throwing handler is a bug. */
export class Bus {
  #handlers: { [K in keyof EngineEvents]: Handler<K>[] } = {
    counted: [],
    batch: [],
    tick: [],
    changed: [],
    window: [],
    second: [],
    fact: [],
    names: [],
    links: [],
    'clock-set': [],
    reset: [],
    filter: [],
  };

  on<K extends keyof EngineEvents>(event: K, handler: Handler<K>): () => void {
    // A new array on every change: emit can iterate without a copy even if a handler unsubscribes.
    this.#handlers[event] = [...this.#handlers[event], handler] as never;
    return () => {
      this.#handlers[event] = this.#handlers[event].filter((other) => other !== handler) as never;
    };
  }

  emit<K extends keyof EngineEvents>(event: K, ...facts: Parameters<Handler<K>>): void {
    const handlers = this.#handlers[event] as ((...facts: unknown[]) => void)[];
    for (let i = 0; i < handlers.length; i++) handlers[i](...facts);
  }

  /** True when someone listens: emitters skip work that nobody wants. */
  has(event: keyof EngineEvents): boolean {
    return this.#handlers[event].length > 0;
  }
}
