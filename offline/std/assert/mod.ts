/**
 * Stand-in for `@std/assert` where JSR cannot be reached: the functions that the tests use, over `node:assert`.
 *
 * @module
 */
import { AssertionError, deepStrictEqual, notDeepStrictEqual } from "node:assert";

/** Throws unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError({ message: msg || "Expected a truthy value" });
}

/** Throws unless both values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  deepStrictEqual(actual, expected, msg!);
}

/** Throws if both values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  notDeepStrictEqual(actual, expected, msg!);
}

/** Throws unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  assert(
    actual.includes(expected),
    msg ?? `Expected ${JSON.stringify(actual)} to contain ${JSON.stringify(expected)}`,
  );
}

/** Throws unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  assert(expected.test(actual), msg ?? `Expected ${JSON.stringify(actual)} to match ${expected}`);
}

/** Throws unless `value` is an instance of `type`. */
export function assertInstanceOf<T>(
  value: unknown,
  type: new (...args: never[]) => T,
  msg?: string,
): asserts value is T {
  assert(value instanceof type, msg ?? `Expected an instance of ${type.name}`);
}

/** Throws unless `fn` throws an `ErrorClass` whose message contains `msgIncludes`; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: new (...args: never[]) => E,
  msgIncludes = "",
): E {
  let thrown: unknown;
  let threw = false;
  try {
    fn();
  } catch (error) {
    thrown = error;
    threw = true;
  }
  assert(threw, `Expected ${ErrorClass.name} to be thrown`);
  return checkThrown(thrown, ErrorClass, msgIncludes);
}

/** Rejects unless the promise of `fn` rejects with an `ErrorClass` whose message contains `msgIncludes`; returns it. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: new (...args: never[]) => E,
  msgIncludes = "",
): Promise<E> {
  let thrown: unknown;
  let threw = false;
  try {
    await fn();
  } catch (error) {
    thrown = error;
    threw = true;
  }
  assert(threw, `Expected a rejection with ${ErrorClass.name}`);
  return checkThrown(thrown, ErrorClass, msgIncludes);
}

function checkThrown<E extends Error>(
  thrown: unknown,
  ErrorClass: new (...args: never[]) => E,
  msgIncludes: string,
): E {
  assertInstanceOf(thrown, ErrorClass);
  assertStringIncludes(thrown.message, msgIncludes);
  return thrown;
}
