/**
 * Runs the engine process in a network namespace, driven by one JSON command a line on standard input and answering one
 * JSON line each. The first argument is the engine's bundle.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PreparedFilter } from '../../filters/prepared.ts';
import { forkEngine } from '../../src/engine/engine-client.ts';
import type { EngineOptions } from '../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';

/** Filters that take turns, so many times, this far apart. */
export interface Churn {
  filters: PreparedFilter[];
  times: number;
  milliseconds: number;
}

const client = forkEngine(process.argv[2]);

const commands: Record<string, (value: never) => Promise<unknown>> = {
  start: (options: EngineOptions) => client.start(options),
  filter: (filter: PreparedFilter | null) => client.setFilter(filter),
  async churn({ filters, times, milliseconds }: Churn) {
    for (let n = 0; n < times; n++) {
      await client.setFilter(filters[n % filters.length]);
      await sleep(milliseconds);
    }
  },
  page: ([monitor, query]: [MonitorName, Query]) => client.page(monitor, query),
  probe: (filter: PreparedFilter | null) => client.probeFilter(filter),
  'read-probe': () => client.readProbe(),
  stop: () => client.stop(),
};

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const [name, value] = JSON.parse(line) as [string, never];
    try {
      process.stdout.write(`${JSON.stringify({ result: (await commands[name](value)) ?? null })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
    }
  })
  .on('close', async () => {
    await client.stop();
    process.exit(0);
  });
