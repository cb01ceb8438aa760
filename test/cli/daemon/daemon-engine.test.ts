/** An engine in the background: what becomes of it, and of what it was asked, when it is lost. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DaemonEngine } from '../../../src/cli/daemon/daemon-engine.ts';
import type { RunLog } from '../../../src/cli/logs/run-log.ts';
import { parseArguments } from '../../../src/cli/parse.ts';
import type { Watched } from '../../../src/cli/plan.ts';
import { type EngineClient, EngineError } from '../../../src/engine/engine-client.ts';
import type { EngineFact, EngineOptions } from '../../../src/engine/messages.ts';
import { LiveSettings } from '../../../src/store/live-settings.ts';
import type { SettingsStore } from '../../../src/store/settings.ts';
import { defaultSettings } from '../../../src/store/settings-table.ts';

const ETH0: Watched = { monitor: 'general', monitors: ['general'], interfaces: ['eth0'] };
const REFUSAL = {
  code: 'E_INTERFACE_UNKNOWN',
  operation: 'capture on',
  target: 'eth0',
  cause: 'it is gone',
} as const;

/** An engine that does what it is told; the test says when it is lost. */
class FakeEngine {
  options: EngineOptions | null = null;
  told: unknown[] = [];
  lose: (reason: string) => void = () => undefined;
  tell: (fact: EngineFact) => void = () => undefined;
  end: () => void = () => undefined;
  stopped = false;
  hangs = false;
  packets = 0;
  /** What happens while it starts. */
  starting: (engine: FakeEngine) => Promise<void> = () => Promise.resolve();
  readonly #refuses: boolean;

  constructor(refuses = false) {
    this.#refuses = refuses;
  }

  async start(options: EngineOptions): Promise<void> {
    if (this.#refuses) throw new EngineError('no', REFUSAL);
    this.options = options;
    await this.starting(this);
  }
  async setOptions(options: object): Promise<void> {
    this.told.push(options);
  }
  async setFilter(filter: { text: string } | null): Promise<void> {
    this.told.push(filter?.text ?? null);
  }
  async page(): Promise<object> {
    return { totals: { packets: this.packets }, capture: { droppedByKernel: 1 } };
  }
  async endCapture(): Promise<void> {
    this.told.push('alerts end');
  }
  readProbe(): Promise<null> {
    return this.hangs ? new Promise(() => undefined) : Promise.resolve(null);
  }
  async stop(): Promise<void> {
    this.stopped = true;
  }
  onFact(handler: (fact: EngineFact) => void): void {
    this.tell = handler;
  }
  onEnd(handler: () => void): void {
    this.end = handler;
  }
  onLost(handler: (reason: string) => void): void {
    this.lose = handler;
  }
}

let engines: FakeEngine[];
/** Those of the next engines that cannot be started. */
let refusals: number;
let said: string[];
/** What happens while the next engines start. */
let starting: FakeEngine['starting'];
let facts: EngineFact[];

beforeEach(() => {
  vi.useFakeTimers();
  engines = [];
  refusals = 0;
  said = [];
  starting = () => Promise.resolve();
  facts = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function daemonEngine(watchesAlerts = true, ...argv: string[]): DaemonEngine {
  const log = {
    attach: () => `log ${engines.length}`,
    lost: async (name: string, _what: Watched, reason: string) => said.push(`${name} lost: ${reason}`),
    finish: async (name: string) => said.push(`${name} finished`),
    restarted: async (name: string) => said.push(`${name} begins`),
    failure: (text: string) => said.push(text),
    notice: (text: string) => said.push(text),
    fact: (fact: EngineFact) => facts.push(fact),
  } as unknown as RunLog;
  return new DaemonEngine({
    what: ETH0,
    values: parseArguments(['-B', '-d', 'eth0', ...argv]).values,
    settings: new LiveSettings({ warnings: [] } as unknown as SettingsStore, defaultSettings()),
    filter: null,
    log,
    spare: null,
    watchesAlerts,
    onFact: (fact) => facts.push(fact),
    onEnd: () => said.push('end of file'),
    onGivenUp: (reason) => said.push(`given up: ${reason}`),
    newEngine: async () => {
      const engine = new FakeEngine(engines.length > 0 && refusals-- > 0);
      engine.starting = starting;
      engines.push(engine);
      return engine as unknown as EngineClient;
    },
  });
}

const milliseconds = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count);

describe('an engine in the background', () => {
  it('is started again at once when it is lost, and its alerts are over', async () => {
    const daemon = daemonEngine(true, '--alert', 'drops>0');
    await daemon.start();
    expect(engines[0].options).toMatchObject({ monitors: ['general'], alerts: [{ text: 'drops>0' }] });
    const alert = { type: 'alert', state: 'started', alert: 'drops>0', subject: 'all' } as unknown as EngineFact;
    engines[0].tell(alert);
    expect(daemon.alerts).toBe(1);
    engines[0].lose('killed by SIGKILL');
    expect(daemon.engine).toBeNull();
    await milliseconds(10);
    expect(said).toEqual(['log 1 lost: killed by SIGKILL', 'log 2 begins']);
    expect([engines.length, daemon.engine, daemon.alerts]).toEqual([2, engines[1], 0]);
    // To the log, and to what else listens.
    expect(facts.map((fact) => 'state' in fact && fact.state)).toEqual(['started', 'ended', 'ended']);
  });

  it('goes on counting where the one before it had come to', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    engines[0].packets = 100;
    expect(await daemon.counts()).toEqual({ packets: 100, droppedByKernel: 1 });
    engines[0].lose('killed');
    expect(await daemon.counts()).toEqual({ packets: 100, droppedByKernel: 1 });
    await milliseconds(10);
    engines[1].packets = 7;
    expect(await daemon.counts()).toEqual({ packets: 107, droppedByKernel: 2 });
  });

  it('is given up after several quick deaths in a row, with longer and longer pauses between', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    for (const pause of [0, 1000, 2000, 4000]) {
      const count = engines.length;
      engines[count - 1].lose('bug');
      await milliseconds(Math.max(0, pause - 10));
      if (pause > 0) expect(engines).toHaveLength(count);
      await milliseconds(20);
      expect(engines).toHaveLength(count + 1);
    }
    engines[4].lose('bug');
    await milliseconds(100_000);
    expect(engines).toHaveLength(5);
    expect(said.at(-1)).toBe('given up: bug');
  });

  it('may die once in a while', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    for (let i = 0; i < 8; i++) {
      await milliseconds(61_000);
      engines[i].lose('bug');
      await milliseconds(10);
    }
    expect([engines.length, said.some((line) => line.startsWith('given up'))]).toEqual([9, false]);
  });

  it('that cannot be started again is tried again, and that is told', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    refusals = 2;
    engines[0].lose('killed');
    await milliseconds(5000);
    expect(said).toEqual([
      'log 1 lost: killed',
      'the capture engine of eth0 could not be started again: cannot capture on eth0: it is gone',
      'the capture engine of eth0 could not be started again: cannot capture on eth0: it is gone',
      'log 4 begins',
    ]);
    expect(engines.map(({ stopped }) => stopped)).toEqual([false, true, true, false]);
  });

  it('whose source gave up is closed with its last records, then opened anew', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    engines[0].end();
    await milliseconds(10);
    expect(said).toEqual(['log 1 finished', 'log 2 begins']);
    expect(engines[0].stopped).toBe(true);
  });

  it('is not started again when the run is over', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    await daemon.end();
    engines[0].lose('killed');
    await milliseconds(100_000);
    expect(engines).toHaveLength(1);
  });

  it('that is being started again when the run ends is waited for: its records belong into the log', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    let started = (): void => undefined;
    starting = () =>
      new Promise((resolve) => {
        started = resolve;
      });
    engines[0].lose('killed');
    await milliseconds(10);
    let isOver = false;
    const ended = daemon.end().then(() => {
      isOver = true;
    });
    await milliseconds(1000);
    expect(isOver).toBe(false);
    started();
    await ended;
    expect(said).toEqual(['log 1 lost: killed', 'log 2 begins']);
    expect(engines[1].told).toEqual(['alerts end']);
  });

  it('that starts for ever does not hold up the end', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    starting = () => new Promise(() => undefined);
    engines[0].lose('killed');
    await milliseconds(10);
    const ended = daemon.end();
    await milliseconds(11_000);
    await ended;
  });

  it('whose last records are being written when the run ends has them written', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    engines[0].end();
    await daemon.end();
    expect(said).toEqual(['log 1 finished']);
    expect([engines.length, engines[0].stopped]).toEqual([1, true]);
  });

  it('whose capture is over before it has started is none', async () => {
    const daemon = daemonEngine();
    starting = async (engine) => engine.end();
    await expect(daemon.start()).rejects.toThrow('the capture ended');
    expect([daemon.engine, engines[0].stopped]).toEqual([null, true]);
  });

  it('takes over what is reread while it is being started again', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    starting = () => new Promise((resolve) => setTimeout(resolve, 100));
    engines[0].lose('killed');
    const applied = daemon.apply({ ...defaultSettings(), tcpTimeoutMinutes: 2 });
    await milliseconds(200);
    await applied;
    expect(engines[1].told).toMatchObject([{ tcpTimeout: 120 }]);
  });

  it('that is lost while it is told of changes is started again with them', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    engines[0].setOptions = async () => {
      engines[0].lose('killed');
      throw new EngineError('lost', null);
    };
    await daemon.apply({ ...defaultSettings(), tcpTimeoutMinutes: 2 });
    engines[0].setOptions = async () => {
      throw new EngineError('a bug', null);
    };
    await milliseconds(10);
    engines[1].setOptions = engines[0].setOptions;
    await expect(daemon.apply(defaultSettings())).rejects.toThrow('a bug');
  });

  it('that hangs at the end is not asked for its last records, and its alerts are over', async () => {
    const daemon = daemonEngine();
    await daemon.start();
    engines[0].tell({ type: 'alert', state: 'started', alert: 'drops>0', subject: 'all' } as unknown as EngineFact);
    engines[0].hangs = true;
    const ended = daemon.end();
    await milliseconds(11_000);
    await ended;
    expect([said, daemon.engine, engines[0].stopped]).toEqual([['log 1 lost: it does not answer'], null, true]);
    expect(facts.map((fact) => 'state' in fact && fact.state)).toEqual(['started', 'ended', 'ended']);
  });

  it('watches no alerts where another one does, and takes over what settings and filters allow', async () => {
    const daemon = daemonEngine(false, '--alert', 'drops>0');
    await daemon.start();
    expect(engines[0].options?.alerts).toEqual([]);
    await daemon.apply({
      ...defaultSettings(),
      tcpTimeoutMinutes: 2,
      closedPersistenceMinutes: 0,
      additionalPorts: ['8000'],
    });
    await daemon.useFilter({ name: 'mine', description: '', rules: [{ action: 'include', protocol: 'udp' }] });
    expect(engines[0].told).toEqual([
      { tcpTimeout: 120, closedPersistence: null, servicePorts: [[8000, 8000]] },
      expect.stringContaining('mine'),
    ]);
  });
});
