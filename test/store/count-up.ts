/** A process that counts a document up, one change at a time: count-up.ts PATH TIMES. */
import { JsonDocument } from '../../src/store/document.ts';

const [path, times] = process.argv.slice(2);
const document = new JsonDocument<{ version: number; count: number }>({
  path,
  schema: { type: 'object', properties: { version: { type: 'integer' }, count: { type: 'integer' } } },
  defaults: () => ({ version: 1, count: 0 }),
  title: 'counter',
});

for (let i = 0; i < Number(times); i++) {
  await document.update((counter) => {
    counter.count++;
  });
}
