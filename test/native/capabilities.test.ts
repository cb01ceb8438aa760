import { expect, it } from 'vitest';
import { CAPABILITY, hasCapability } from '../../src/native/capabilities.ts';

it('reads the effective set, not the permitted one', () => {
  const status = 'Name:\tnode\nCapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000002000\n';
  expect(hasCapability(CAPABILITY.netRaw, status)).toBe(true);
  expect(hasCapability(CAPABILITY.netAdmin, status)).toBe(false);
  expect(hasCapability(CAPABILITY.bpf, 'CapEff:\t0000008000000000\n')).toBe(true);
});

it('takes no answer for no', () => {
  expect(hasCapability(CAPABILITY.netRaw, '')).toBe(false);
});
