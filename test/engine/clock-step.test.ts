// The wall clock is set while packets are counted: no time has passed, whatever it says.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { conversationFacts } from '../../screens/ip-traffic/facts.ts';
import type { ConnectionFacts, IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { AlertChange } from '../../src/alerts/alert.ts';
import { parseAlert } from '../../src/alerts/parse.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import { ETHERTYPE, IP_PROTOCOL } from '../../src/wire/numbers.ts';
import { EngineStage } from '../support/engine-stage.ts';
import { ethernet, filler, ipv4, tcp, udp } from '../support/packets.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const UDP = ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(1, 2, filler(10))));
const TCP = ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.tcp }, tcp({}, filler(10))));
const ALL = { sort: null, descending: false, offset: 0, limit: 0, follow: null };

/** What was recorded since the last call. */
function recorded(stage: EngineStage): string[] {
  const answer = stage.engine.command('ip-traffic', 'facts', {}) as ConnectionFacts;
  return [...conversationFacts(answer)].map(({ kind, conversation }) => `${conversation.protocol} ${kind}`);
}

function rows(stage: EngineStage): IpTrafficRow[] {
  const options = { panel: 'all', search: null };
  return (stage.engine.page('ip-traffic', { ...ALL, options }) as Snapshot<IpTrafficRow>).rows;
}

describe.each([
  ['forward', 3600],
  ['back', -3600],
])('the clock that is set %s by an hour', (_, step) => {
  it('ends no conversation sooner or later than its silence does', async () => {
    const stage = await new EngineStage().start();
    recorded(stage);
    stage.receive([UDP, TCP]).wait(5);
    stage.wallClockStep = step;
    // Packets come before the step is noticed, and after it.
    stage.receive([UDP]).wait(10).receive([UDP]).wait(20);
    expect(recorded(stage)).toEqual(['tcp first-packet']);
    stage.wait(15);
    expect(recorded(stage)).toEqual(['udp idle']);
    const tcpRow = rows(stage).find(({ protocol }) => protocol === 'tcp') as IpTrafficRow;
    expect(tcpRow.state).toBe('established');
    expect(tcpRow.firstSeen).toBeCloseTo(1000 + step, 0);
  });

  it('is what snapshots say from then on; how long it ran is not disturbed', async () => {
    const stage = await new EngineStage().start();
    stage.wait(10);
    stage.wallClockStep = step;
    stage.wait(10);
    const { time, elapsedSeconds } = stage.engine.head('ip-traffic');
    expect(time).toBeCloseTo(1020 + step, 3);
    expect(elapsedSeconds).toBeCloseTo(20, 3);
    expect((stage.engine.command('ip-traffic', 'facts', {}) as ConnectionFacts).clockSet).toBeCloseTo(step, 3);
  });

  it('neither hides an alert nor makes one', async () => {
    const rules = ['packets>50/s', 'packets>250 in 10s', 'packets>90/s for 5s'];
    const stage = new EngineStage({ alerts: rules.map(parseAlert) });
    const facts: AlertChange[] = [];
    stage.engine.bus.on('fact', (fact) => facts.push(fact as AlertChange));
    await stage.start();
    const second = new Array<Uint8Array>(100).fill(UDP);
    stage.receive(second).wait(1).receive(second).wait(1);
    expect(facts.map(({ alert }) => alert)).toEqual(['packets>50/s']);
    stage.wallClockStep = step;
    for (let k = 0; k < 4; k++) stage.receive(second).wait(1);
    expect(facts.map(({ alert, state }) => `${alert} ${state}`)).toEqual([
      'packets>50/s started',
      'packets>250 in 10s started',
      'packets>90/s for 5s started',
    ]);
  });
});

it('a clock that is only adjusted moves nothing', async () => {
  const stage = await new EngineStage().start();
  const moved = vi.fn();
  stage.engine.bus.on('clock-set', moved);
  stage.wallClockStep = 0.4;
  stage.receive([UDP]).wait(5);
  expect(moved).not.toHaveBeenCalled();
});
