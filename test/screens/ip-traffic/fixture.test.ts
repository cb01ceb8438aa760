// The whole way of the data: the mixed capture through source, decoder, tables and monitor onto the screen. Time comes
// from the packets, so the text is the same every time.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { IpTrafficScreen } from '../../../screens/ip-traffic/screen.ts';
import type { Screen } from '../../../screens/kit/screen.ts';
import type { EngineClient } from '../../../src/engine/engine-client.ts';
import type { SnapshotHead } from '../../../src/engine/messages.ts';
import { engineOverFile } from '../../support/file-engine.ts';
import { expectGolden } from '../../support/golden.ts';
import { drawStack, SIZES } from '../../support/screens.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/mixed.pcapng');

let engine: EngineClient;
beforeAll(async () => {
  engine = await engineOverFile(FIXTURE, ['ip-traffic'], { keepsPackets: true });
});
afterAll(() => engine.stop());

/** Draws, pulls what the drawn size wants, draws again, as the loop does; then presses the keys. */
async function show(width: number, height: number, keys: readonly string[]): Promise<string> {
  const names = { lookup: () => null, addressesMatching: () => [] };
  const stack: Screen[] = [new IpTrafficScreen({ watched: 'mixed.pcapng', names })];
  let head: SnapshotHead | null = null;
  const settle = async (): Promise<string> => {
    let text = '';
    for (let round = 0; round < 2; round++) {
      const screen = stack[stack.length - 1];
      const snapshots = await Promise.all(screen.queries().map(({ monitor, query }) => engine.page(monitor, query)));
      head = snapshots[0] ?? head;
      if (snapshots.length > 0) screen.update?.(snapshots);
      text = drawStack(stack, width, height, { head }).toText();
    }
    return text;
  };
  await settle();
  for (const key of keys) {
    const reaction = stack[stack.length - 1].onKey(key);
    for (const each of reaction.type === 'all' ? reaction.reactions : [reaction]) {
      if (each.type === 'open') stack.push(each.screen);
      if (each.type === 'engine' && each.request.type === 'command') {
        await engine.command(each.request.monitor, each.request.command, each.request.arguments);
      }
    }
    await settle();
  }
  return settle();
}

describe.each(SIZES)('the mixed capture at %ix%i', (width, height) => {
  it.each([
    ['traffic', []],
    ['other', ['w']],
    ['packets', ['p']],
  ])('shows its %s', async (name, keys) => {
    expectGolden(`fixture-${name}-${width}x${height}.txt`, await show(width, height, keys));
  });
});
