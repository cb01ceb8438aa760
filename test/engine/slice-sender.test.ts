import { describe, expect, it } from 'vitest';
import { SliceSender } from '../../src/engine/slice-sender.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe('slices on their way to the front', () => {
  it('are never many that were not taken, and are built when they are sent', async () => {
    let built = 0;
    function* slices(): Generator<unknown[]> {
      for (; built < 10; built++) yield [built];
    }
    const sent: unknown[] = [];
    const sender = new SliceSender((rows) => sent.push(...rows));
    let done = false;
    const all = sender.send(slices()).then(() => {
      done = true;
    });
    await turns(20);
    expect(sent).toEqual([0, 1, 2]);
    sender.taken();
    await turns(5);
    expect(sent).toEqual([0, 1, 2, 3]);
    while (!done) {
      sender.taken();
      await turns(3);
    }
    await all;
    expect(sent).toHaveLength(10);
  });

  it('of another snapshot do not wait for acknowledgements of the one before', async () => {
    const sent: unknown[] = [];
    const sender = new SliceSender((rows) => sent.push(...rows));
    await sender.send([[1], [2]]);
    const second = sender.send([[3], [4], [5]]);
    // The two of before are taken late.
    sender.taken();
    sender.taken();
    for (let i = 0; i < 3; i++) {
      await turns(3);
      sender.taken();
    }
    await second;
    expect(sent).toEqual([1, 2, 3, 4, 5]);
  });

  it('end at once where there is none', async () => {
    await expect(new SliceSender(() => undefined).send([])).resolves.toBeUndefined();
  });
});
