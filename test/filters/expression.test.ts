import { expect, test } from 'vitest';
import { rewriteExpression } from '../../filters/expression.ts';
import { compileExpression } from '../../src/native/libpcap.ts';

test.each([
  ['port range 8000-8100', 'portrange 8000-8100'],
  ['tcp and src port  range 1-1024 or dst port range 5-6', 'tcp and src portrange 1-1024 or dst portrange 5-6'],
  ['port 80', 'port 80'],
  ['host range', 'host range'],
  ['portrange 1-2', 'portrange 1-2'],
])('%j becomes %j', (written, expected) => expect(rewriteExpression(written)).toBe(expected));

test('libpcap takes the rewritten form and not the written one', () => {
  expect(() => compileExpression('port range 8000-8100', 1, 96)).toThrow(/port range/);
  expect(compileExpression(rewriteExpression('port range 8000-8100'), 1, 96).instructions.length).toBeGreaterThan(8);
});

test("a bad expression is refused with libpcap's words and exit status 2", () => {
  expect.assertions(2);
  try {
    compileExpression('tcp prot 80', 1, 96);
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_EXPRESSION', exitStatus: 2 });
    expect((error as Error).message).toMatch(/cannot use capture expression "tcp prot 80": .*syntax error/);
  }
});
