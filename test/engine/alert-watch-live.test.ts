// Thresholds live: windows by the clock, the link's speed, drops, a reset, and what without privileges cannot be judged.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AlertChange, AlertFact } from '../../src/alerts/alert.ts';
import { parseAlert } from '../../src/alerts/parse.ts';
import type { CaptureStatistics } from '../../src/capture/capture-source.ts';
import type { LinkView } from '../../src/engine/link-view.ts';
import type { EngineOptions, SourceOptions } from '../../src/engine/messages.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { EngineStage } from '../support/engine-stage.ts';
import { ethernet, filler, ipv4, udp } from '../support/packets.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** 986 IP bytes, 1000 wire bytes. */
const FRAME = ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 2, filler(958))));

const ETH0: LinkView = {
  name: 'eth0',
  index: 2,
  up: true,
  running: true,
  addresses: [],
  mac: null,
  mtu: 1500,
  speed: null,
  kind: 'e1000e',
  master: null,
  lower: [],
  virtual: false,
  kernel: null,
  readAt: 1000,
};

interface Watched {
  stage: EngineStage;
  facts: AlertFact[];
}

async function watching(
  rules: readonly string[],
  links: readonly LinkView[] = [ETH0],
  options: Partial<EngineOptions> = {},
): Promise<Watched> {
  const parts = { links: () => links };
  const stage = new EngineStage({ monitors: ['general'], alerts: rules.map(parseAlert), ...options }, parts);
  const facts: AlertFact[] = [];
  stage.engine.bus.on('fact', (fact) => {
    if (fact.type === 'alert') facts.push(fact);
  });
  await stage.start();
  // The first tick begins the first window.
  stage.wait(0.25);
  return { stage, facts };
}

const frames = (count: number): Uint8Array[] => new Array<Uint8Array>(count).fill(FRAME);
const changes = (facts: readonly AlertFact[]): unknown[] =>
  (facts as AlertChange[]).map(({ alert, state, subject, value }) => [
    alert,
    state,
    subject,
    Math.round(value * 1000) / 1000,
  ]);

it('a share is that of the link in frame bytes, a rate is in IP bytes', async () => {
  // 1 Mbit/s: 125 frames a second fill it.
  const rules = ['interface eth0 rx>79%', 'interface>98kB/s', 'interface tx>0B/s', 'interface>81%'];
  const { stage, facts } = await watching(rules, [{ ...ETH0, speed: 1 }]);
  stage.receive(frames(100)).wait(1);
  const seconds = 1.001;
  expect(changes(facts)).toEqual([
    ['interface eth0 rx>79%', 'started', 'eth0', Math.round((0.8 / seconds) * 1000) / 1000],
    ['interface>98kB/s', 'started', 'eth0', Math.round((98_600 / seconds) * 1000) / 1000],
  ]);
});

it('a link whose speed is not known is told of once, and only when it carries something', async () => {
  const { stage, facts } = await watching(['interface>80%']);
  stage.wait(2);
  expect(facts).toEqual([]);
  stage.receive(frames(1)).wait(1).receive(frames(1)).wait(1);
  expect(facts).toMatchObject([{ state: 'notice', text: expect.stringMatching(/^the speed of eth0 is not known/) }]);
});

it('an interface that is not watched, or not there, is told of', async () => {
  const { facts } = await watching(['interface eth7>80%']);
  expect(facts).toMatchObject([{ state: 'notice', text: expect.stringMatching(/^eth7 is not there now/) }]);
  const source: SourceOptions = { kind: 'live', interfaces: ['eth0'], capture: 'ring', promiscuous: false };
  const named = await watching(['interface eth7>80%', 'interface eth0>80%'], [ETH0], { source });
  expect(named.facts).toMatchObject([
    { alert: 'interface eth7>80%', text: expect.stringMatching(/^eth7 is not watched/) },
  ]);
});

it('drops since the start stay, those within a time pass, and a reset forgets both', async () => {
  const { stage, facts } = await watching(['drops>0', 'drops>0 in 10s']);
  let dropped = 0;
  stage.source.statistics = (): CaptureStatistics => {
    return { received: 0, droppedByKernel: dropped, droppedByInterface: 0, freezes: 0 };
  };
  stage.wait(3);
  expect(facts).toEqual([]);
  dropped = 4;
  stage.wait(1);
  expect(changes(facts.splice(0))).toEqual([
    ['drops>0', 'started', 'all', 4],
    ['drops>0 in 10s', 'started', 'all', 4],
  ]);
  stage.wait(30);
  expect(changes(facts.splice(0))).toEqual([['drops>0 in 10s', 'ended', 'all', 4]]);
  stage.engine.reset();
  stage.wait(6);
  expect(changes(facts.splice(0))).toEqual([['drops>0', 'ended', 'all', 4]]);
});

it('what came before the first tick is of the first second', async () => {
  const stage = new EngineStage({ monitors: ['general'], alerts: [parseAlert('packets>150/s')] });
  const facts: AlertFact[] = [];
  stage.engine.bus.on('fact', (fact) => facts.push(fact as AlertFact));
  await stage.start();
  // 100 packets a second: 200 of them are not of one.
  stage.receive(frames(100)).wait(1).receive(frames(100)).wait(3);
  expect(facts).toEqual([]);
});

it('rates go on over a reset without going below zero', async () => {
  const { stage, facts } = await watching(['packets>50/s']);
  stage.receive(frames(100)).wait(1);
  stage.engine.reset();
  stage.receive(frames(80)).wait(1);
  expect((facts as AlertChange[]).map(({ state }) => state)).toEqual(['started']);
  stage.wait(6);
  expect((facts.at(-1) as AlertChange).state).toBe('ended');
});

it('hosts are judged by the second whatever --every says', async () => {
  const { stage, facts } = await watching(['host 10.0.0.1>98kB/s'], [ETH0], { rateWindow: 60 });
  stage.wait(5).receive(frames(100)).wait(1);
  expect(facts).toMatchObject([{ state: 'started', subject: '10.0.0.1' }]);
  await stage.engine.endCapture();
  expect(facts.at(-1)).toMatchObject({ state: 'ended', cut: 'capture-ended' });
  stage.receive(frames(200)).wait(2);
  expect(facts).toHaveLength(2);
});

it('without privileges frames are judged, and what the kernel does not count says so', async () => {
  const source = { kind: 'live', interfaces: 'all', capture: 'counters', promiscuous: false } as const;
  const rules = ['interface>1kB/s', 'packets>3/s', 'host>1B/s', 'malformed>0'];
  const { stage, facts } = await watching(rules, [ETH0], { source });
  stage.source.kind = 'counters';
  expect(facts.splice(0)).toMatchObject([
    { state: 'notice', alert: 'host>1B/s' },
    { state: 'notice', alert: 'malformed>0' },
  ]);
  stage.source.sink?.onCounted?.([{ slot: 0, direction: 'in', packets: 5, wireBytes: 4000 }]);
  stage.wait(1);
  expect(changes(facts)).toEqual([
    ['interface>1kB/s', 'started', 'eth0', 4000],
    ['packets>3/s', 'started', 'all', 5],
  ]);
});
