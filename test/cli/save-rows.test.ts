import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveRows } from '../../src/cli/save-rows.ts';
import type { EngineClient, WatchReceiver } from '../../src/engine/engine-client.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';
import { tcpRows } from '../support/ip-traffic-rows.ts';
import { snapshotHead } from '../support/screens.ts';

const QUERY: Query = { sort: 'bytes', descending: true, offset: 20, limit: 5, follow: 7, options: { panel: 'all' } };
const QUESTION = { monitor: 'ip-traffic' as const, query: QUERY };

/** Answers take() with these rows in two slices, and does what a test wants in between. */
function engineOf(rows: readonly unknown[], between: () => void = () => undefined) {
  const asked: Query[] = [];
  const take = async (_monitor: MonitorName, query: Query, receiver: WatchReceiver): Promise<void> => {
    asked.push(query);
    await receiver.head({ ...snapshotHead(), rows: [], offset: 0, rowsTotal: rows.length, hidden: 0, extra: {} });
    await receiver.rows(rows.slice(0, 1));
    between();
    await receiver.rows(rows.slice(1));
    await receiver.end();
  };
  return { engine: { take } as unknown as EngineClient, asked };
}

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-save-'));
  path = join(folder, 'rows.csv');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('rows are saved', () => {
  it('all of them, in the order and search of the question, for the owner alone', async () => {
    const rows = tcpRows();
    const { engine, asked } = engineOf(rows);
    expect(await saveRows(engine, path, QUESTION)).toBe(rows.length);
    expect(asked).toEqual([{ ...QUERY, offset: 0, limit: 0, follow: null }]);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines[0]).toMatch(/^timestamp,interface,protocol,src_ip,/);
    const directions = rows.flatMap((row) => row.packets).filter((packets) => packets > 0);
    expect(lines).toHaveLength(1 + directions.length);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('under their name only when they are whole', async () => {
    let seen: boolean | null = null;
    const { engine } = engineOf(tcpRows(), () => {
      seen = existsSync(path);
    });
    await saveRows(engine, path, QUESTION);
    expect(seen).toBe(false);
    expect(readdirSync(folder)).toEqual(['rows.csv']);
  });
});

describe('rows are not saved', () => {
  it('over a file that exists, also when it came while they were written', async () => {
    writeFileSync(path, 'kept');
    await expect(saveRows(engineOf(tcpRows()).engine, path, QUESTION)).rejects.toThrow(
      `cannot write rows to ${path}: it exists already`,
    );
    rmSync(path);
    const { engine } = engineOf(tcpRows(), () => writeFileSync(path, 'kept'));
    await expect(saveRows(engine, path, QUESTION)).rejects.toThrow('it exists already');
    expect(readFileSync(path, 'utf8')).toBe('kept');
    expect(readdirSync(folder)).toEqual(['rows.csv']);
  });

  it('through a symbolic link', async () => {
    const target = join(folder, 'target.csv');
    symlinkSync(target, path);
    await expect(saveRows(engineOf(tcpRows()).engine, path, QUESTION)).rejects.toThrow('it exists already');
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(folder)).toEqual(['rows.csv']);
  });

  it('where there is no folder, in plain words', async () => {
    const nowhere = join(folder, 'no', 'rows.csv');
    await expect(saveRows(engineOf(tcpRows()).engine, nowhere, QUESTION)).rejects.toThrow(
      `cannot write rows to ${nowhere}: no such file or directory`,
    );
  });

  it('when the engine is lost in the middle: nothing is left behind', async () => {
    const { engine } = engineOf(tcpRows(), () => {
      throw new Error('capture engine lost');
    });
    await expect(saveRows(engine, path, QUESTION)).rejects.toThrow('capture engine lost');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.skipIf(process.getuid?.() !== 0)('on a full disk (needs root)', () => {
  it('rows are not saved, and nothing is left behind', async () => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', folder]);
    try {
      const rows = Array.from({ length: 500 }, () => tcpRows()[0]);
      await expect(saveRows(engineOf(rows).engine, path, QUESTION)).rejects.toThrow('no space left on the device');
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
