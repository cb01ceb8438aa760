/** What the kernel is to run in front of us: a cheap superset of what passes, so that the rest costs nothing. */
import { kernelProgram, prefilterProgram } from '../../filters/prefilter.ts';
import type { BpfProgram, CompiledExpression } from '../base/bpf-program.ts';
import { LINKTYPE } from '../wire/numbers.ts';
import type { EngineOptions } from './messages.ts';

/** null: the kernel can drop nothing. The program may be longer than the kernel takes. */
export function kernelProgramOf({
  expression,
  filter,
  decapsulate,
}: Pick<EngineOptions, 'expression' | 'filter' | 'decapsulate'>): BpfProgram | null {
  const ofExpression = expression === null ? null : programOfExpression(expression);
  if (filter === null) return ofExpression;
  return kernelProgram(filter, { decapsulate, behind: ofExpression })?.program ?? ofExpression;
}

function programOfExpression({ programs }: CompiledExpression): BpfProgram | null {
  const ethernet = programs.find(({ linkType }) => linkType === LINKTYPE.ethernet);
  return ethernet?.instructions ? prefilterProgram({ instructions: ethernet.instructions }) : null;
}
