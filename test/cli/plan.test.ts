import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/parse.ts';
import { engineOptions } from '../../src/cli/plan.ts';
import type { EngineOptions } from '../../src/engine/messages.ts';
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

it('hands thresholds over, and runs the general statistics for metrics', async () => {
  expect(await optionsOf({})).toMatchObject({ alerts: [], monitors: ['ip-traffic'] });
  const options = await optionsOf({}, '--alert', 'drops>0', '--alert', 'host>1MB/s', '--prometheus', 'x.prom');
  expect(options.alerts?.map(({ text }) => text)).toEqual(['drops>0', 'host>1MB/s']);
  expect(options.monitors).toEqual(['ip-traffic', 'general']);
});
