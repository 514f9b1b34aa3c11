/**
 * Stand-in for `@std/cli` where JSR cannot be reached: what the command line uses, over `node:util`.
 *
 * @module
 */
export * from "./parse_args.ts";
