/**
 * Checks the text of a JSON document against a schema: every problem as "line 4: /theme must be one of …".
 * ajv and jsonc-parser (for lines) make it slow to load: import this file when there is a document to check.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { findNodeAtLocation, type Node, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { FieldProblem } from '../base/field-problem.ts';

export interface ParsedDocument<T> {
  /** What the text holds, valid or not; null when it is no JSON object. */
  value: T | null;
  /** Empty: it is valid. */
  problems: string[];
}

/** `check` finds what no schema can say, in any object: what the schema refuses it passes over. */
export function parseDocument<T>(
  text: string,
  schema: object,
  check: (value: object) => readonly FieldProblem[] = () => [],
): ParsedDocument<T> {
  const value = parseJson(text);
  if (value instanceof SyntaxError) return { value: null, problems: [syntaxProblem(text, value)] };
  const validate = validatorOf(schema);
  const tree = parseTree(text);
  // What is wrong with a name is one error, that an object has such a name another.
  const refused = validate(value) ? [] : (validate.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames');
  const structural = refused.map((error): Found => {
    const path = tree === undefined ? [] : pointerPath(error, tree);
    return { path, problem: describe(error) };
  });
  const places = new Set(structural.map(({ path }) => path.join('/')));
  const checked = (isObject(value) ? check(value as object) : [])
    .filter(({ path }) => !places.has(path.join('/')))
    .map(({ path, problem }): Found => ({ path, problem: `/${path.join('/')}: ${problem}` }));
  const problems = [...structural, ...checked].map(
    (found) => `${lineOf(text, nodeOf(tree, found.path))}: ${found.problem}`,
  );
  return { value: isObject(value) ? (value as T) : null, problems };
}

interface Found {
  path: (string | number)[];
  problem: string;
}

/** Making one takes longer than using it. */
const validators = new WeakMap<object, ValidateFunction>();

function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const made = new Ajv({ allErrors: true, verbose: true }).compile(schema);
  validators.set(schema, made);
  return made;
}

/** Where a field stands, or where it is absent, what holds it. */
function nodeOf(tree: Node | undefined, path: readonly (string | number)[]): Node | undefined {
  let depth = path.length;
  let node: Node | undefined;
  do node = tree && findNodeAtLocation(tree, path.slice(0, depth));
  while (node === undefined && --depth > 0);
  return node ?? tree;
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
