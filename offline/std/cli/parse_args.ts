import { parseArgs as parse } from "node:util";

/** Options of {@linkcode parseArgs}: the part of the published ones that is used here. */
export interface ParseOptions {
  /** Options that take a value. */
  readonly string?: readonly string[];
  /** Options that take none. */
  readonly boolean?: readonly string[];
  /** Options that may be given several times. */
  readonly collect?: readonly string[];
  /** Other names of options. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Keep what follows `--` apart. */
  readonly "--"?: boolean;
  /** Called for what is not declared; `false` leaves it out. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What was parsed: options by name, `_` for the other words, `--` for what follows it. */
export type Args = { _: string[]; "--": string[] } & Record<string, unknown>;

/** Takes command line arguments apart, as `@std/cli/parse-args` does. */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const { string = [], boolean = [], collect = [], alias = {} } = options;
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const config = Object.fromEntries([
    ...string.map((name) => [name, { type: "string" as const }]),
    ...boolean.map((name) => [name, { type: "boolean" as const }]),
    ...Object.keys(alias).map((short) => [short, { type: "boolean" as const }]),
  ]);
  const { tokens } = parse({
    args: [...own],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const result: Args = { _: [], "--": end < 0 ? [] : args.slice(end + 1) };
  for (const name of boolean) result[name] = false;
  for (const name of collect) result[name] = [];
  for (const token of tokens) {
    if (token.kind === "positional") result._.push(token.value);
    if (token.kind !== "option") continue;
    const name = alias[token.name] ?? token.name;
    if (!string.includes(name) && !boolean.includes(name)) {
      if (options.unknown?.(token.rawName, name, token.value) === false) continue;
    }
    const value = string.includes(name) ? token.value ?? "" : token.value ?? true;
    const before = result[name];
    result[name] = collect.includes(name) ? [...(before as unknown[]), value] : value;
  }
  return result;
}
