/**
 * Writes numbered records to a log, as many as a busy network gives: 100 every 10 ms; says on standard output how many it
 * gave. SIGUSR1 reopens the log; SIGTERM flushes it and ends.
 *   FILE [FIRST [MAX_BYTES KEEP]]
 */
import { LogWriter } from '../../src/logs/log-writer.ts';

process.title = 'iptraf-ts';
const [path, first, maxBytes, keep] = process.argv.slice(2);
const rotation =
  maxBytes === undefined ? null : { maxBytes: Number(maxBytes), maxAgeSeconds: null, keep: Number(keep) };
const writer = new LogWriter({
  path,
  facility: null,
  format: 'text',
  rotation,
  tag: 'test',
  warn: (line) => console.error(line),
});

let count = Number(first ?? 0);
const timer = setInterval(() => {
  for (let i = 0; i < 100; i++) {
    const time = Date.now() / 1000;
    writer.write({ time, event: 'closed', monitor: null, interface: null, fields: [`line ${count++}`], facts: {} });
  }
  process.stdout.write(`${count}\n`);
}, 10);

process.on('SIGUSR1', () => writer.reopen());
process.on('SIGTERM', async () => {
  clearInterval(timer);
  await writer.close();
  process.stdout.write(`${count}\n`);
});
