/**
 * Stand-in for `@std/streams` where JSR cannot be reached: what the tests use.
 *
 * @module
 */
export * from "./to_text.ts";
