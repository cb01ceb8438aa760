/** -w on a file system that fills up and is freed again. Needs root: it mounts a small tmpfs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PcapngWriter } from '../../src/capture/savefile/pcapng-writer.ts';
import { filler, packetBatch } from '../support/packets.ts';
import { collectSavefile } from '../support/savefile.ts';

const missing = process.getuid?.() === 0 ? null : 'mounting a tmpfs needs root';
const interfaces = [{ slot: 0, name: 'eth0', index: null, linkType: 1, virtual: false, loopback: false }];
const selected = new Uint8Array(256).fill(1);
const batch = packetBatch(Array.from({ length: 256 }, () => filler(200)));

describe.skipIf(missing !== null)(`a disk that fills up${missing === null ? '' : `: skipped, ${missing}`}`, () => {
  const mount = mkdtempSync(join(tmpdir(), 'small-disk-'));
  beforeAll(() => expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', mount]).status).toBe(0));
  afterAll(() => {
    spawnSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  });

  function writerTo(path: string, errors: string[]): PcapngWriter {
    return new PcapngWriter(openSync(path, 'w'), {
      snaplen: 0,
      application: 'test',
      path,
      onError: ({ cause }) => errors.push(cause),
      bufferBytes: 128 * 1024,
    });
  }

  test('leaves a file of whole blocks that holds every packet counted as written', async () => {
    const path = join(mount, 'full.pcapng');
    const errors: string[] = [];
    const writer = writerTo(path, errors);
    for (let n = 0; n < 20; n++) {
      writer.write(batch, selected, interfaces);
      await writer.flush();
    }
    await writer.close();
    expect(errors).toEqual(['the disk is full']);
    expect(statSync(path).size).toBeGreaterThan(400 * 1024);
    expect(writer.written + writer.notWritten).toBe(20 * 256);
    const { packets, facts } = await collectSavefile(path);
    expect(facts).toEqual([]);
    expect(packets.length).toBe(writer.written);
    rmSync(path);
  });

  test('that is freed is written on, at the exact byte', async () => {
    const ballast = join(mount, 'ballast');
    const path = join(mount, 'freed.pcapng');
    writeFileSync(ballast, Buffer.alloc(400 * 1024));
    const errors: string[] = [];
    const writer = writerTo(path, errors);
    for (let n = 0; n < 6; n++) {
      writer.write(batch, selected, interfaces);
      await writer.flush();
    }
    expect(errors).toEqual(['the disk is full']);
    rmSync(ballast);
    // Without a further packet: the writer tries again by itself.
    const before = statSync(path).size;
    for (let n = 0; n < 60 && statSync(path).size === before; n++) await sleep(50);
    expect(statSync(path).size).toBeGreaterThan(before);
    writer.write(batch, selected, interfaces);
    await writer.close();
    expect(writer.written + writer.notWritten).toBe(7 * 256);
    const { packets, facts } = await collectSavefile(path);
    expect(facts).toEqual([]);
    expect(packets.length).toBe(writer.written);
    expect(errors.length).toBe(1);
  });
});
