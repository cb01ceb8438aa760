import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/parse.ts';
import { engineUser } from '../../src/cli/run-as.ts';
import { NOBODY } from '../../src/native/privileges.ts';

const isRoot = process.geteuid?.() === 0;
const user = (...options: string[]) => engineUser(parseArguments(['-i', 'lo', ...options]).values);

describe('whom the engine becomes', () => {
  it.skipIf(!isRoot)('is nobody where root started it, or the user that was named', () => {
    expect(user()).toMatchObject({ name: 'nobody', uid: NOBODY });
    expect(user('--user', 'daemon')).toEqual({ name: 'daemon', uid: 1, gid: 1, groups: [1] });
  });

  it.skipIf(!isRoot)('is root itself where that is asked for', () => {
    expect(user('--user', 'root')).toBeNull();
  });

  it.skipIf(isRoot)('is whoever started it, where it may not be somebody else', () => {
    expect(user()).toBeNull();
    expect(() => user('--user', 'daemon')).toThrow('cannot become user daemon: only root can');
  });

  it('is nobody that does not exist', () => {
    expect(() => user('--user', 'no-such-user')).toThrow(/cannot become user no-such-user: there is no such user/);
  });
});
