import { afterEach, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/parse.ts';
import { engineOptions } from '../../src/cli/plan.ts';
import type { EngineOptions } from '../../src/engine/messages.ts';
import type { MonitorName } from '../../src/engine/monitor.ts';
import { defaultSettings, type SettingChanges } from '../../src/store/settings-table.ts';

/** What the engine is asked for on eth0 with these settings and options. */
function optionsOf(settings: SettingChanges, ...argv: string[]): Promise<EngineOptions> {
  const { values } = parseArguments(['-i', 'eth0', ...argv]);
  const what = { monitor: 'ip-traffic' as const, interfaces: ['eth0'] };
  return engineOptions(what, values, { ...defaultSettings(), ...settings }, { filter: null, writePath: null });
}

it('reads counters in place of packets without privileges (-u), whatever else is set', async () => {
  const { source } = await optionsOf({ promiscuous: true }, '-u', '--capture', 'ring');
  expect(source).toEqual({ kind: 'live', interfaces: ['eth0'], capture: 'counters', promiscuous: false });
});

describe('settings that the engine goes by', () => {
  it.each([
    [{ promiscuous: true }, { source: { promiscuous: true } }],
    [{ decapsulateTunnels: true }, { decapsulate: true }],
    [{ maximumConversations: 5000 }, { maximumConversations: 5000 }],
    [{ tcpTimeoutMinutes: 0.5 }, { tcpTimeout: 30 }],
    [{ closedPersistenceMinutes: 2 }, { closedPersistence: 120 }],
    [{ closedPersistenceMinutes: 0 }, { closedPersistence: null }],
    [
      { additionalPorts: ['8000-8100', '9000'] },
      {
        servicePorts: [
          [8000, 8100],
          [9000, 9000],
        ],
      },
    ],
  ] as [SettingChanges, object][])('%j gives %j', async (settings, expected) => {
    expect(await optionsOf({})).not.toMatchObject(expected);
    expect(await optionsOf(settings)).toMatchObject(expected);
  });

  it('are overruled by options', async () => {
    expect(await optionsOf({ promiscuous: false }, '--promiscuous')).toMatchObject({ source: { promiscuous: true } });
  });
});

it('has pairs of hosts counted in the bytes that are shown, by the networks that are ours', async () => {
  expect((await optionsOf({})).pairs).toEqual({
    ...{ quantity: 'ipBytes', networks: [], crossingOnly: false, linkLocal: true },
  });
  const { pairs } = await optionsOf({}, '--bytes', 'wire', '--local', '10.0.0.0/8,fd00::/8');
  expect(pairs?.quantity).toBe('wireBytes');
  expect(pairs?.networks.map(({ family }) => family)).toEqual([4, 6]);
});

it('hands thresholds over, and runs the general statistics for metrics', async () => {
  expect(await optionsOf({})).toMatchObject({ alerts: [], monitors: ['ip-traffic'] });
  const options = await optionsOf({}, '--alert', 'drops>0', '--alert', 'host>1MB/s', '--prometheus', 'x.prom');
  expect(options.alerts?.map(({ text }) => text)).toEqual(['drops>0', 'host>1MB/s']);
  expect(options.monitors).toEqual(['ip-traffic', 'general']);
});

describe('names are read from the traffic', () => {
  const asked = async (settings: SettingChanges, monitor: MonitorName, ...argv: string[]): Promise<boolean> => {
    const { values } = parseArguments(argv);
    const all = { ...defaultSettings(), ...settings };
    return (
      (await engineOptions({ monitor, interfaces: ['eth0'] }, values, all, { filter: null, writePath: null }))
        .observesNames === true
    );
  };
  const onTerminal = process.stdout.isTTY;
  afterEach(() => {
    process.stdout.isTTY = onTerminal;
  });

  it('where a screen will show them', async () => {
    process.stdout.isTTY = true;
    expect(await asked({ observedNames: true }, 'ip-traffic', '-i', 'eth0')).toBe(true);
    expect(await asked({ observedNames: true }, 'lan-stations', '-l', 'eth0')).toBe(true);
    expect(await asked({}, 'ip-traffic', '-i', 'eth0', '--names')).toBe(true);
    // Enter leads to conversations, which are named.
    expect(await asked({}, 'ports', '-s', 'eth0', '--names')).toBe(true);
    expect(await asked({}, 'ip-traffic', '-i', 'eth0')).toBe(false);
    expect(await asked({ reverseDns: true }, 'ip-traffic', '-i', 'eth0')).toBe(false);
    expect(await asked({ observedNames: true }, 'detailed', '-d', 'eth0', '--names')).toBe(false);
  });

  it('where output has them: with --names alone', async () => {
    process.stdout.isTTY = true;
    expect(await asked({}, 'ip-traffic', '-i', 'eth0', '--json', '--names')).toBe(true);
    expect(await asked({ observedNames: true }, 'ip-traffic', '-i', 'eth0', '--json')).toBe(false);
    expect(await asked({}, 'ports', '-s', 'eth0', '--json', '--names')).toBe(false);
    expect(await asked({}, 'ip-traffic', '-B', '-i', 'eth0', '--names')).toBe(false);
    process.stdout.isTTY = false;
    expect(await asked({ observedNames: true }, 'ip-traffic', '-i', 'eth0')).toBe(false);
    expect(await asked({}, 'ip-traffic', '-i', 'eth0', '--names')).toBe(true);
  });
});
