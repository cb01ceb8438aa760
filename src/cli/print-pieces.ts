/**
 * Long text to standard output, piece by piece: no more is made than the reader takes. A reader that goes away is a quiet
 * end; a full disk is an OperatorError (E_OUTPUT).
 */
import { EXIT, OperatorError } from '../base/errors.ts';

/** Characters collected before they are written. */
const BUFFER_LIMIT = 64 * 1024;

/** Gives the exit status: that of the pieces, unless the reader has gone. */
export async function printPieces(pieces: AsyncGenerator<string, number>): Promise<number> {
  let buffered = '';
  for (;;) {
    const next = await pieces.next();
    if (!next.done) buffered += next.value;
    if (buffered.length >= BUFFER_LIMIT || next.done) {
      if (!(await written(buffered))) return EXIT.ok;
      buffered = '';
    }
    if (next.done) return next.value;
  }
}

/** false: nobody reads any more. */
function written(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EPIPE') {
        resolve(false);
        return;
      }
      const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
      const cause = full ? 'no space left on the device' : (error.code ?? error.message);
      reject(new OperatorError({ code: 'E_OUTPUT', operation: 'write to', target: 'standard output', cause }));
    };
    // The stream tells its callback, and then says it again as an event: without a listener that ends the program.
    process.stdout.once('error', onError);
    process.stdout.write(text, (error) => {
      if (error != null) return onError(error);
      process.stdout.off('error', onError);
      resolve(true);
    });
  });
}
