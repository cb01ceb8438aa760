import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ipTrafficOutput } from '../../screens/ip-traffic/output.ts';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import { OperatorError } from '../../src/base/errors.ts';
import { JsonFormat } from '../../src/output/json.ts';
import { OutputWriter } from '../../src/output/writer.ts';
import { bundle } from '../support/bundle.ts';
import { NOW, tcpRows } from '../support/ip-traffic-rows.ts';
import { snapshotHead } from '../support/screens.ts';

const [row] = tcpRows();
const head = (rowsTotal: number) => ({ ...snapshotHead({ time: NOW }), rowsTotal });
const manyRows = (count: number): IpTrafficRow[] => Array.from({ length: count }, (_, i) => ({ ...row, id: i }));

function writerTo(descriptor: number): OutputWriter<IpTrafficRow> {
  return new OutputWriter(descriptor, 'standard output', new JsonFormat(ipTrafficOutput));
}

async function writeSnapshot(writer: OutputWriter<IpTrafficRow>, count: number): Promise<void> {
  await writer.begin(head(count));
  for (let i = 0; i < count; i += 4096) await writer.rows(manyRows(Math.min(4096, count - i)));
  await writer.end();
}

describe('OutputWriter', () => {
  it('writes 20,000 rows as one line of valid JSON', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-writer-'));
    const path = join(folder, 'out.json');
    const descriptor = openSync(path, 'w');
    await writeSnapshot(writerTo(descriptor), 20_000);
    closeSync(descriptor);
    const text = readFileSync(path, 'utf8');
    rmSync(folder, { recursive: true });
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text).rows).toHaveLength(20_000);
  });

  it('keeps events out of the line of a snapshot', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-writer-'));
    const path = join(folder, 'out.json');
    const descriptor = openSync(path, 'w');
    const writer = writerTo(descriptor);
    await writer.event({ type: 'interface-up', time: NOW, interface: 'a' });
    await writer.begin(head(1));
    await writer.event({ type: 'interface-down', time: NOW, interface: 'b', reason: 'gone' });
    await writer.rows([row]);
    await writer.end();
    closeSync(descriptor);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    rmSync(folder, { recursive: true });
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(['interface-up', 'snapshot', 'interface-down']);
  });

  it('says what is wrong when the device is full', async () => {
    const descriptor = openSync('/dev/full', 'w');
    const writer = writerTo(descriptor);
    const error = await writeSnapshot(writer, 1).catch((caught: unknown) => caught);
    closeSync(descriptor);
    expect(error).toBeInstanceOf(OperatorError);
    expect((error as OperatorError).code).toBe('E_OUTPUT');
    expect((error as OperatorError).message).toContain('no space left');
  });

  it('says what is wrong when the descriptor cannot be written', async () => {
    const descriptor = openSync('/dev/null', 'r');
    const error = await writeSnapshot(writerTo(descriptor), 1).catch((caught: unknown) => caught);
    closeSync(descriptor);
    expect((error as OperatorError).code).toBe('E_OUTPUT');
  });
});

/** Runs a shell command in which WRITER is the program that writes snapshots to standard output. */
async function shell(command: string): Promise<{ status: number | null; stderr: string; seconds: number }> {
  const program = await bundle('test/support/writer-program.ts');
  const began = performance.now();
  const script = `set -o pipefail; ${command.replace('WRITER', `"${process.execPath}" "${program}"`)}`;
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const [status] = await once(child, 'exit');
  return { status, stderr, seconds: (performance.now() - began) / 1000 };
}

describe('OutputWriter on a pipe', () => {
  it('ends quietly with status 0 when the reader goes away', async () => {
    const { status, stderr } = await shell('WRITER forever | head -c 100');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('loses nothing to a reader that is slow to begin', async () => {
    const { status, stderr } = await shell('WRITER some 3 5000 | { sleep 0.5; wc -l; } >&2');
    expect({ status, stderr: stderr.trim() }).toEqual({ status: 0, stderr: '3' });
  });

  it('does not keep process.exit waiting for a reader that sleeps', async () => {
    const { status, seconds } = await shell('WRITER leave > >(exec sleep 6)');
    expect(status).toBe(0);
    expect(seconds).toBeLessThan(5);
  });
});
