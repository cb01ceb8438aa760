/**
 * Runs the fuzz targets for a time. The cases run in a worker thread; this one sees when a case does not end. A failure
 * prints the seed that repeats it, and keeps the input in a file.
 *
 *   fuzz ROOT SECONDS FIRST-SEED [CASES]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { FIXTURE_FRAMES } from '../support/fixture-frames.ts';
import type { TestPacket } from '../support/packets.ts';
import { collectSavefile } from '../support/savefile.ts';
import { bpfTarget } from './bpf-target.ts';
import { decodeTarget } from './decode-target.ts';
import { filterTarget } from './filter-target.ts';
import { namesTarget } from './names-target.ts';
import { Random } from './random.ts';
import { ringTarget } from './ring-target.ts';
import { savefileTarget } from './savefile-target.ts';
import { tablesTarget } from './tables-target.ts';
import type { Corpus, FuzzTarget } from './target.ts';
import { tcpOptionsTarget } from './tcp-options-target.ts';

/** Longest time a case may take, milliseconds; the longest usual one takes a hundredth of it. */
const HANG_MILLISECONDS = 10_000;

interface Plan {
  root: string;
  seconds: number;
  firstSeed: number;
  /** Most cases. */
  cases: number;
  folder: string;
}

/** What the worker reports at its end. */
interface Outcome {
  cases: Record<string, number>;
  failure: { seed: number; reason: string } | null;
}

async function readCorpus(root: string): Promise<Corpus> {
  const folder = join(root, 'test/fixtures');
  const files: Uint8Array[] = [];
  const packets: TestPacket[] = FIXTURE_FRAMES.map(([, bytes]) => ({ bytes: Uint8Array.from(bytes), linkType: 1 }));
  for (const name of readdirSync(folder).sort()) {
    if (!/\.(pcap|pcapng)$/.test(name)) continue;
    files.push(readFileSync(join(folder, name)));
    for (const { bytes, linkType } of (await collectSavefile(join(folder, name))).packets) {
      packets.push({ bytes: Uint8Array.from(bytes), linkType });
    }
  }
  return { files, packets };
}

function targetsOf(corpus: Corpus, folder: string): FuzzTarget<unknown>[] {
  const decode = decodeTarget(corpus);
  const bpf = bpfTarget(corpus);
  const savefile = savefileTarget(corpus, join(folder, 'input.pcap'));
  return [
    decode,
    tablesTarget(corpus),
    bpf,
    decode,
    ringTarget,
    savefile,
    bpf,
    tcpOptionsTarget,
    filterTarget(corpus),
    namesTarget(corpus),
  ] as FuzzTarget<unknown>[];
}

async function work(plan: Plan, current: Int32Array): Promise<Outcome> {
  const targets = targetsOf(await readCorpus(plan.root), plan.folder);
  const deadline = performance.now() + plan.seconds * 1000;
  const outcome: Outcome = { cases: {}, failure: null };
  for (let n = 0; n < plan.cases && performance.now() < deadline; n++) {
    const seed = (plan.firstSeed + n) >>> 0;
    Atomics.store(current, 0, seed);
    Atomics.add(current, 1, 1);
    const target = targets[seed % targets.length];
    outcome.cases[target.name] = (outcome.cases[target.name] ?? 0) + 1;
    try {
      const random = new Random(seed);
      await target.check(target.make(random), random);
    } catch (error) {
      outcome.failure = { seed, reason: (error as Error).stack ?? String(error) };
      break;
    }
  }
  return outcome;
}

/** Says what failed and keeps the input; the seed alone repeats it. */
async function report(plan: Plan, seed: number, reason: string): Promise<void> {
  const targets = targetsOf(await readCorpus(plan.root), plan.folder);
  const target = targets[seed % targets.length];
  const path = join(tmpdir(), `iptraf-ts-fuzz-${target.name}-${seed}.bin`);
  writeFileSync(path, target.toFile(target.make(new Random(seed))));
  console.error(`fuzz: ${target.name} failed with seed ${seed}: ${reason}`);
  console.error(`repeat: node scripts/fuzz.mjs --seed ${seed} --cases 1   input: ${path}`);
}

function runWorker(plan: Plan, current: Int32Array): Promise<Outcome> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { plan, current } });
    const hung = (): void => {
      const seed = current[0] >>> 0;
      resolve({ cases: {}, failure: { seed, reason: `no end after ${HANG_MILLISECONDS / 1000} s` } });
      void worker.terminate();
    };
    let seen = -1;
    const watch = setInterval(() => {
      if (current[1] === seen && current[1] > 0) hung();
      seen = current[1];
    }, HANG_MILLISECONDS);
    worker.once('message', (outcome: Outcome) => resolve(outcome));
    worker.once('error', (error) => resolve({ cases: {}, failure: { seed: current[0] >>> 0, reason: String(error) } }));
    worker.once('exit', () => clearInterval(watch));
  });
}

async function main(): Promise<void> {
  const [root, seconds, firstSeed, cases] = process.argv.slice(2);
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-fuzz-'));
  const plan = {
    root,
    seconds: Number(seconds),
    firstSeed: Number(firstSeed),
    cases: Number(cases ?? Infinity),
    folder,
  };
  const outcome = await runWorker(plan, new Int32Array(new SharedArrayBuffer(8)));
  if (outcome.failure !== null) {
    await report(plan, outcome.failure.seed, outcome.failure.reason);
    process.exitCode = 1;
  } else {
    const counts = Object.entries(outcome.cases).map(([name, count]) => `${name} ${count}`);
    console.log(`fuzz: nothing found from seed ${plan.firstSeed} on; cases: ${counts.join(', ')}`);
  }
  rmSync(folder, { recursive: true, force: true });
}

if (isMainThread) {
  await main();
} else {
  const { plan, current } = workerData as { plan: Plan; current: Int32Array };
  parentPort?.postMessage(await work(plan, current));
}
