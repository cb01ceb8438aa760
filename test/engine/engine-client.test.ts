import { describe, expect, it } from 'vitest';
import { settling } from '../../src/engine/engine-client.ts';
import type { Snapshot } from '../../src/engine/messages.ts';

const HEAD = {} as Snapshot;

describe('a snapshot that was asked for', () => {
  it('settles when its receiver has taken its end', async () => {
    const taken: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const receiver = settling(
        { head: () => void taken.push('head'), rows: () => void taken.push('rows'), end: () => void taken.push('end') },
        resolve,
        reject,
      );
      void (async () => {
        await receiver.head(HEAD);
        await receiver.rows([]);
        await receiver.end();
      })();
    });
    expect(taken).toEqual(['head', 'rows', 'end']);
  });

  it('fails with its receiver, is let go by from there on, and holds up nobody behind it', async () => {
    let asked = 0;
    let failure: unknown = null;
    const full = async (): Promise<void> => {
      asked++;
      throw new Error('disk full');
    };
    const receiver = settling(
      { head: () => undefined, rows: full, end: full },
      () => undefined,
      (error) => {
        failure = error;
      },
    );
    await receiver.head(HEAD);
    await receiver.rows([]);
    await receiver.rows([]);
    await receiver.end();
    expect([asked, String(failure)]).toEqual([1, 'Error: disk full']);
  });
});
