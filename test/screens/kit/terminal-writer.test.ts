import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TerminalWriter } from '../../../screens/kit/terminal-writer.ts';

// A named pipe stands for the terminal: it is full when nobody reads.
let folder: string;
let reader: number;
let writeEnd: number;
let writer: TerminalWriter;
let errors: string[];

function readAll(): string {
  const buffer = Buffer.alloc(1 << 20);
  let text = '';
  for (;;) {
    try {
      const count = readSync(reader, buffer);
      if (count === 0) return text;
      text += buffer.toString('latin1', 0, count);
    } catch {
      return text;
    }
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terminal-writer-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  writeEnd = openSync(path, constants.O_WRONLY);
  errors = [];
  writer = new TerminalWriter(writeEnd, (error) => errors.push(error.message));
});

afterEach(() => {
  writer.close();
  if (reader >= 0) closeSync(reader);
  closeSync(writeEnd);
  rmSync(folder, { recursive: true });
});

describe('terminal writer', () => {
  it('never waits for a terminal that is not read, and delivers in order once it is', async () => {
    const frame = 'x'.repeat(200_000);
    const begin = performance.now();
    writer.write(Buffer.from(frame));
    writer.write(Buffer.from('end'));
    expect(performance.now() - begin).toBeLessThan(200);
    expect(writer.isBusy).toBe(true);
    let text = '';
    for (let i = 0; i < 50 && writer.isBusy; i++) {
      text += readAll();
      await wait(25);
    }
    text += readAll();
    expect(text).toBe(`${frame}end`);
    expect(writer.isBusy).toBe(false);
  });

  it('throws a stalled frame away when the screen must be restored, and gives up after a second', async () => {
    writer.write(Buffer.from('x'.repeat(200_000)));
    const begin = performance.now();
    writer.writeNow('RESTORE');
    const took = performance.now() - begin;
    expect(took).toBeGreaterThan(900);
    expect(took).toBeLessThan(2500);
    readAll();
    await wait(60);
    expect(readAll()).toBe('RESTORE');
  });

  it('restores at once when the terminal reads', () => {
    writer.write(Buffer.from('frame'));
    writer.writeNow('RESTORE');
    expect(readAll()).toBe('frameRESTORE');
  });

  it('tells when the terminal is gone, and does not throw', () => {
    closeSync(reader);
    reader = -1;
    writer.write(Buffer.from('x'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('EPIPE');
    writer.writeNow('RESTORE');
    expect(writer.isBusy).toBe(false);
  });
});
