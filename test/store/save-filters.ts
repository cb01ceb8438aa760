/**
 * A process that saves filters, one after the other: save-filters.ts PATH NAME TIMES.
 * With a NAME it adds filters NAME-1, NAME-2…; with "" it counts up the description of the filter "counter". After each
 * save it prints what it has saved.
 */
import { writeSync } from 'node:fs';
import { FilterStore } from '../../filters/store.ts';

const [path, name, times] = process.argv.slice(2);
const store = new FilterStore(path);
const STANDARD_OUTPUT = 1;

async function countUp(): Promise<string> {
  const counter = (await store.read()).find((filter) => filter.name === 'counter');
  const description = String(Number(counter?.description ?? 0) + 1);
  await store.save({ name: 'counter', description, rules: [] }, counter === undefined ? null : 'counter', counter);
  return description;
}

async function add(n: number): Promise<string> {
  await store.save({ name: `${name}-${n}`, description: '', rules: [] }, null);
  return String(n);
}

for (let n = 1; n <= Number(times); n++) {
  const saved = await (name === '' ? countUp() : add(n));
  writeSync(STANDARD_OUTPUT, `${saved}\n`);
}
