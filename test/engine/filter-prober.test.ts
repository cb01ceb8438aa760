import { beforeEach, describe, expect, it } from 'vitest';
import type { PreparedFilter, PreparedRule } from '../../filters/prepared.ts';
import type { BpfProgram } from '../../src/base/bpf-program.ts';
import { FilterProber } from '../../src/engine/filter-prober.ts';
import type { EngineOptions } from '../../src/engine/messages.ts';
import { SystemCallError } from '../../src/native/koffi.ts';
import { fileEngineOptions } from '../support/file-engine.ts';
import { ANY, preparedRule } from '../support/random-filter.ts';

const EPERM = 1;

function filterOf(rules: Partial<PreparedRule>[], unmatched: 'drop' | 'keep' = 'drop'): PreparedFilter {
  return { text: 'x', rules: rules.map((rule) => preparedRule(rule)), unmatched, local: [] };
}

const DNS = filterOf([{ destination: { ...ANY, ports: [[53, 53]] } }]);

/** A counter that was asked for. */
interface Made {
  interfaces: readonly string[] | 'all';
  program: BpfProgram | null;
  closed: number;
}

let made: Made[];
let now: number;
let runsProgram: boolean;
beforeEach(() => {
  made = [];
  now = 100;
  runsProgram = true;
});

const LIVE: EngineOptions['source'] = {
  kind: 'live',
  interfaces: ['eth0', 'eth1'],
  capture: 'auto',
  promiscuous: false,
};

function prober(source: EngineOptions['source'] = LIVE, kind: 'ring' | 'pcap' | 'savefile' = 'ring'): FilterProber {
  return new FilterProber(
    { ...fileEngineOptions('', []), source },
    {
      source: { kind },
      monotonicClock: () => now,
      countMatches(interfaces, program) {
        const counter = { interfaces, program, closed: 0 };
        made.push(counter);
        return {
          runsProgram,
          read: () => ({ matched: 3, seen: 10 }),
          close: () => {
            counter.closed++;
          },
        };
      },
    },
  );
}

describe('the prober', () => {
  it('counts for a candidate on the watched interfaces since it was asked', () => {
    const probing = prober();
    expect(probing.read()).toBeNull();
    probing.probe(DNS);
    now += 2.5;
    expect(probing.read()).toEqual({ seconds: 2.5, matched: 3, seen: 10, exact: true });
    expect(made).toHaveLength(1);
    expect(made[0].interfaces).toEqual(['eth0', 'eth1']);
    expect(made[0].program?.instructions.length).toBeGreaterThan(0);
  });

  it('gives the sockets back when another candidate comes, when it is told to end, and at the end', () => {
    const probing = prober();
    probing.probe(DNS);
    probing.probe(DNS);
    expect(made.map(({ closed }) => closed)).toEqual([1, 0]);
    probing.probe(null);
    expect(made.map(({ closed }) => closed)).toEqual([1, 1]);
    expect(probing.read()).toBeNull();
    probing.probe(DNS);
    probing.close();
    probing.close();
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });

  it('says when the kernel cannot decide all of it', () => {
    const probing = prober();
    probing.probe(filterOf([{ interfaces: ['eth0'], destination: { ...ANY, ports: [[53, 53]] } }]));
    expect(probing.read()?.exact).toBe(false);
    runsProgram = false;
    probing.probe(DNS);
    expect(probing.read()?.exact).toBe(false);
    probing.probe(filterOf([], 'keep'));
    expect(made.at(-1)?.program).toBeNull();
    expect(probing.read()?.exact).toBe(true);
  });

  it('reads nothing of files and of libpcap, nor where packet sockets are not permitted', () => {
    for (const probing of [prober({ kind: 'file', path: 'x' }, 'savefile'), prober(LIVE, 'pcap')]) {
      probing.probe(DNS);
      expect(probing.read()).toBeNull();
    }
    expect(made).toEqual([]);
    const denied = new FilterProber(
      { ...fileEngineOptions('', []), source: LIVE },
      {
        source: { kind: 'ring' },
        monotonicClock: () => now,
        countMatches() {
          throw new SystemCallError('socket', EPERM);
        },
      },
    );
    denied.probe(DNS);
    expect(denied.read()).toBeNull();
  });
});
