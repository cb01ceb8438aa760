/** What the kernel counts, without packets: on this machine's own loopback. */
import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import type { CaptureSink } from '../../src/capture/capture-source.ts';
import { CountersSource } from '../../src/capture/counters-source.ts';

it('counts at its end what has come since the last reading', async () => {
  let packets = 0;
  const sink: CaptureSink = {
    onBatch: () => undefined,
    onFact: () => undefined,
    onEnd: () => undefined,
    onCounted: (counted) => {
      for (const traffic of counted) packets += traffic.packets;
    },
  };
  const source = new CountersSource({ interfaces: ['lo'] });
  await source.start(sink);
  const socket = createSocket('udp4');
  const send = (): Promise<void> => new Promise((resolve) => socket.send('x', 9, '127.0.0.1', () => resolve()));
  // No longer than a reading is away: it is the end that counts them.
  await Promise.all(Array.from({ length: 50 }, send));
  await source.stop();
  socket.close();
  expect(packets).toBeGreaterThanOrEqual(50);
  const counted = packets;
  await source.stop();
  expect(packets).toBe(counted);
});
