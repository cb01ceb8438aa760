import { describe, expect, it } from 'vitest';
import { OperatorError, type OperatorErrorCode } from '../../src/base/errors.ts';
import { AutoSource } from '../../src/capture/auto-source.ts';
import type { CaptureFact, CaptureKind, CaptureSink, CaptureSource } from '../../src/capture/capture-source.ts';

const PCAP_COUNTERS = { received: 7, droppedByKernel: 0, droppedByInterface: 0, freezes: null };

function refusal(code: OperatorErrorCode, cause: string, remedy?: string): OperatorError {
  return new OperatorError({ code, operation: 'capture on', target: 'eth0', cause, remedy });
}

/** A source that starts, or refuses with this error. */
class FakeSource implements CaptureSource {
  readonly kind: CaptureKind;
  readonly interfaces;
  readonly calls: string[] = [];
  readonly prefilterRefusal?: string | null;
  readonly #error: Error | null;

  constructor(kind: CaptureKind, error: Error | null = null) {
    this.kind = kind;
    this.#error = error;
    if (kind === 'ring') this.prefilterRefusal = 'too long';
    this.interfaces = [{ slot: 0, name: kind, index: null, linkType: 1, virtual: true, loopback: false }];
  }

  async start(): Promise<void> {
    this.calls.push('start');
    if (this.#error !== null) throw this.#error;
  }

  statistics() {
    return PCAP_COUNTERS;
  }

  async stop(): Promise<void> {
    this.calls.push('stop');
  }
}

interface Trial {
  ring: FakeSource;
  pcap?: FakeSource | OperatorError;
  blindness?: string;
}

/** Starts and answers with the source, what it told, and its error. */
async function trial({ ring, pcap = new FakeSource('pcap'), blindness }: Trial) {
  const makePcap = (): CaptureSource => {
    if (pcap instanceof OperatorError) throw pcap;
    return pcap;
  };
  const source = new AutoSource({ ring, makePcap, ringIsBlind: () => blindness ?? null });
  const facts: CaptureFact[] = [];
  const sink: CaptureSink = { onBatch: () => {}, onFact: (fact) => facts.push(fact), onEnd: () => {} };
  const error = await source.start(sink).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { source, facts, error };
}

const UNAVAILABLE = refusal('E_CAPTURE_UNAVAILABLE', 'the packet ring does not work here: socket: EAFNOSUPPORT');

describe('AutoSource', () => {
  it('says why the kernel refuses a pre-filter where the ring is asked to run it', async () => {
    expect((await trial({ ring: new FakeSource('ring') })).source.prefilterRefusal).toBe('too long');
    const fallen = await trial({ ring: new FakeSource('ring', UNAVAILABLE) });
    expect([fallen.source.kind, fallen.source.prefilterRefusal]).toEqual(['pcap', null]);
  });

  it('is the ring where that works, and asks libpcap for nothing', async () => {
    const pcap = new FakeSource('pcap');
    const { source, facts, error } = await trial({ ring: new FakeSource('ring'), pcap });
    expect(error).toBeNull();
    expect(source.kind).toBe('ring');
    expect(facts).toEqual([]);
    expect(pcap.calls).toEqual([]);
  });

  it('is libpcap where the ring does not work, and says why', async () => {
    const [ring, pcap] = [new FakeSource('ring', UNAVAILABLE), new FakeSource('pcap')];
    const { source, facts, error } = await trial({ ring, pcap });
    expect(error).toBeNull();
    expect(source.kind).toBe('pcap');
    expect(source.interfaces).toBe(pcap.interfaces);
    expect(source.statistics()).toBe(PCAP_COUNTERS);
    expect(facts).toEqual([{ type: 'capture-fallback', source: 'pcap', reason: UNAVAILABLE.fields.cause }]);
    await source.stop();
    expect(pcap.calls).toEqual(['start', 'stop']);
    expect(ring.calls).toEqual(['start']);
  });

  it.each<OperatorErrorCode>(['E_CAPTURE_PERMISSION', 'E_INTERFACE_UNKNOWN'])(
    'ends with the error of the ring where libpcap would fail alike: %s',
    async (code) => {
      const pcap = new FakeSource('pcap');
      const refused = refusal(code, 'no');
      const { error } = await trial({ ring: new FakeSource('ring', refused), pcap });
      expect(error).toBe(refused);
      expect(pcap.calls).toEqual([]);
    },
  );

  it('passes on what is a bug, of the ring and of libpcap', async () => {
    const bug = new TypeError('x is not a function');
    expect((await trial({ ring: new FakeSource('ring', bug) })).error).toBe(bug);
    const pcap = new FakeSource('pcap', bug);
    expect((await trial({ ring: new FakeSource('ring', UNAVAILABLE), pcap })).error).toBe(bug);
  });

  it('names the reasons of both where neither works', async () => {
    const none = refusal('E_CAPTURE_UNAVAILABLE', 'the pcap package does not work here: not built', 'npm rebuild pcap');
    const { source, facts, error } = await trial({
      ring: new FakeSource('ring', UNAVAILABLE),
      pcap: new FakeSource('pcap', none),
    });
    expect((error as OperatorError).code).toBe('E_CAPTURE_UNAVAILABLE');
    expect((error as OperatorError).message).toBe(
      'cannot capture on eth0: the packet ring does not work here: socket: EAFNOSUPPORT; nor does libpcap: the pcap package does not work here: not built (npm rebuild pcap)',
    );
    expect(facts).toEqual([]);
    expect(source.kind).toBe('ring');
  });

  it('is a question of permission where libpcap says so', async () => {
    const denied = refusal('E_CAPTURE_PERMISSION', 'no permission', 'run with sudo');
    const { error } = await trial({
      ring: new FakeSource('ring', UNAVAILABLE),
      pcap: new FakeSource('pcap', denied),
    });
    expect((error as OperatorError).exitStatus).toBe(77);
  });

  it('ends with the error of the ring, and why libpcap cannot help, where several interfaces are watched', async () => {
    const one = refusal('E_USAGE', 'libpcap watches one interface at a time', 'leave out --capture pcap');
    const { error } = await trial({ ring: new FakeSource('ring', UNAVAILABLE), pcap: one });
    expect((error as OperatorError).exitStatus).toBe(1);
    expect((error as OperatorError).message).toBe(
      'cannot capture on eth0: the packet ring does not work here: socket: EAFNOSUPPORT; libpcap watches one interface at a time (name one, or all)',
    );
  });

  it('is libpcap where the ring could not read what it captures; the ring, which counts, where there is no libpcap', async () => {
    const blindness = 'the packet ring knows no links of type 32 (ARPHRD_)';
    const ring = new FakeSource('ring');
    const { source, facts } = await trial({ ring, blindness });
    expect(source.kind).toBe('pcap');
    expect(facts).toMatchObject([{ reason: blindness }]);
    expect(ring.calls).toEqual([]);
    const pcap = new FakeSource('pcap', refusal('E_CAPTURE_UNAVAILABLE', 'not built'));
    const blind = await trial({ ring, pcap, blindness });
    expect(blind.error).toBeNull();
    expect(blind.source.kind).toBe('ring');
    expect(blind.facts).toEqual([]);
  });
});
