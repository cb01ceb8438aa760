/** A live engine on clocks, packets and kernel counters of the test's own. */
import { vi } from 'vitest';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import type { CaptureSink, CaptureSource, CaptureStatistics } from '../../src/capture/capture-source.ts';
import { Engine, type EngineParts } from '../../src/engine/engine.ts';
import type { EngineOptions } from '../../src/engine/messages.ts';
import { makeMonitors } from '../../src/engine/monitors.ts';
import { LINKTYPE } from '../../src/wire/numbers.ts';
import { PACKET_TYPE } from '../../src/wire/packet-batch.ts';
import { fileEngineOptions } from './file-engine.ts';
import { packetBatch } from './packets.ts';

/** A source that delivers what it is given. */
export class GivenSource implements CaptureSource {
  kind: CaptureSource['kind'] = 'ring';
  readonly interfaces = [
    { slot: 0, name: 'eth0', index: 2, linkType: LINKTYPE.ethernet, virtual: false, loopback: false },
    { slot: 1, name: 'eth1', index: 3, linkType: LINKTYPE.ethernet, virtual: false, loopback: false },
  ];
  prefilterRefusal: string | null = null;
  /** Every program that the kernel was given, in order. */
  readonly prefilters: (BpfProgram | null)[] = [];
  sink: CaptureSink | null = null;

  async start(sink: CaptureSink): Promise<void> {
    this.sink = sink;
  }

  statistics(): CaptureStatistics {
    return { received: 0, droppedByKernel: 0, droppedByInterface: 0, freezes: 0 };
  }

  setPrefilter(program: BpfProgram | null): void {
    this.prefilters.push(program);
  }

  async stop(): Promise<void> {
    this.sink = null;
  }
}

const LIVE: Partial<EngineOptions> = {
  source: { kind: 'live', interfaces: 'all', capture: 'ring', promiscuous: false },
  rateWindow: 1,
};

/** Time begins at 1000 and goes on by `wait`. Needs vi.useFakeTimers(). */
export class EngineStage {
  readonly source = new GivenSource();
  readonly kernel = new Map([['eth0', 5000]]);
  readonly engine: Engine;
  now = 1000;
  /** Seconds by which the wall clock was set since the start: what stamps packets. */
  wallClockStep = 0;

  constructor(options: Partial<EngineOptions> = {}, parts: Partial<EngineParts> = {}) {
    const whole = { ...fileEngineOptions('', ['ip-traffic']), ...LIVE, ...options };
    this.engine = new Engine(whole, {
      source: this.source,
      monitors: makeMonitors(whole.monitors),
      expression: null,
      writer: null,
      kernelPackets: () => new Map(this.kernel),
      links: null,
      countMatches: null,
      wallClock: () => this.now + this.wallClockStep,
      monotonicClock: () => this.now,
      ...parts,
    });
  }

  async start(): Promise<this> {
    await this.engine.start(() => undefined);
    return this;
  }

  /** The kernel counts these frames on eth0 a moment from now, and they are captured at once. `counted`: how many it counts, where others reach it alone. */
  receive(frames: readonly Uint8Array[], counted = frames.length): this {
    this.now += 0.001;
    this.kernel.set('eth0', (this.kernel.get('eth0') ?? 0) + counted);
    const time = this.now + this.wallClockStep;
    const seconds = Math.floor(time);
    const nanoseconds = Math.round((time - seconds) * 1e9);
    const packets = frames.map((bytes) => ({ bytes, seconds, nanoseconds, packetType: PACKET_TYPE.host }));
    this.source.sink?.onBatch(packetBatch(packets, LINKTYPE.ethernet));
    return this;
  }

  /** Seconds go by, a tick at a time. */
  wait(seconds: number): this {
    for (let tick = 0; tick < seconds * 4; tick++) {
      this.now += 0.25;
      vi.advanceTimersByTime(250);
    }
    return this;
  }

  get capture() {
    return this.engine.head('ip-traffic').capture;
  }

  get totals() {
    return this.engine.head('ip-traffic').totals;
  }
}
