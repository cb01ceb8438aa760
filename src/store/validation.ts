/**
 * Checks the text of a JSON document against a schema: every problem as "line 4: /theme must be one of …".
 * ajv and jsonc-parser (for lines) make it slow to load: import this file when there is a document to check.
 */
import { Ajv, type ErrorObject } from 'ajv';
import { findNodeAtLocation, type Node, parseTree, printParseErrorCode } from 'jsonc-parser';

export interface ParsedDocument<T> {
  /** What the text holds, valid or not; null when it is no JSON object. */
  value: T | null;
  /** Empty: it is valid. */
  problems: string[];
}

export function parseDocument<T>(text: string, schema: object): ParsedDocument<T> {
  const value = parseJson(text);
  if (value instanceof SyntaxError) return { value: null, problems: [syntaxProblem(text, value)] };
  const validate = new Ajv({ allErrors: true, verbose: true }).compile(schema);
  if (validate(value)) return { value: value as T, problems: [] };
  const tree = parseTree(text);
  // What is wrong with a name is one error, that an object has such a name another.
  const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames');
  const problems = errors.map((error) => {
    const node = tree && findNodeAtLocation(tree, pointerPath(error, tree));
    return `${lineOf(text, node ?? tree)}: ${describe(error)}`;
  });
  return { value: isObject(value) ? (value as T) : null, problems };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Node's message names no line where the text ends early: jsonc-parser knows the place of every fault. */
function syntaxProblem(text: string, error: SyntaxError): string {
  if (text.trim() === '') return 'line 1: the file is empty';
  const errors: { error: number; offset: number; length: number }[] = [];
  parseTree(text, errors, { disallowComments: true });
  const first = errors[0];
  if (first === undefined) return `line 1: ${error.message}`;
  return `line ${lineAt(text, first.offset)}: not JSON (${printParseErrorCode(first.error)})`;
}

/** An unknown field is reported where it stands, not where its object begins. */
function pointerPath(error: ErrorObject, tree: Node): (string | number)[] {
  const path = pointerSegments(error.instancePath, tree);
  if (error.propertyName !== undefined) return [...path, error.propertyName];
  return error.keyword === 'additionalProperties' ? [...path, error.params.additionalProperty as string] : path;
}

/** JSON Pointer (RFC 6901) to the segments that jsonc-parser wants: numbers within arrays. */
function pointerSegments(pointer: string, tree: Node): (string | number)[] {
  const segments: (string | number)[] = [];
  let node: Node | undefined = tree;
  for (const raw of pointer.split('/').slice(1)) {
    const name = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    const inArray: boolean = node?.type === 'array';
    segments.push(inArray ? Number(name) : name);
    node = inArray
      ? node?.children?.[Number(name)]
      : node?.children?.find((property) => property.children?.[0].value === name)?.children?.[1];
  }
  return segments;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function lineOf(text: string, node: Node | undefined): string {
  return `line ${node === undefined ? 1 : lineAt(text, node.offset)}`;
}

function describe(error: ErrorObject): string {
  const where = error.instancePath === '' ? 'the document' : error.instancePath;
  if (error.keyword === 'additionalProperties') {
    return `${error.instancePath}/${error.params.additionalProperty} is not a known field`;
  }
  if (error.keyword === 'enum')
    return `${where} must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
  // A schema says in its description what a pattern stands for.
  const { description } = (error.parentSchema ?? {}) as { description?: string };
  if (error.keyword === 'pattern' && description !== undefined) {
    const name = error.propertyName === undefined ? where : `${error.instancePath}/${error.propertyName}`;
    return `${name} must be ${description}`;
  }
  return `${where} ${error.message ?? 'is invalid'}`;
}
