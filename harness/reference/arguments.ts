import type { Entrance } from "./entrance.ts";

/** What the command line asks for. */
export type Arguments =
  | { readonly kind: "help" | "list-faults" | "list-freedoms" }
  | { readonly kind: "serve"; readonly entrance: Entrance }
  /** The command line is wrong. */
  | { readonly kind: "wrong"; readonly reason: string };

const FLAGS = ["--help", "--list-faults", "--list-freedoms"] as const;
const FAULT = "--fault";
const FREEDOM = "--freedom";
const OPTIONS: readonly string[] = ["--socket-path", "--fd", FAULT, FREEDOM];

/** Reads the command line; the value of an option is behind `=`, or the word behind it. */
export function readArguments(words: readonly string[]): Arguments {
  const options = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const name = word.split("=", 1)[0]!;
    const flag = FLAGS.find((one) => one === word);
    if (flag !== undefined) {
      return { kind: flag.slice(2) as "help" | "list-faults" | "list-freedoms" };
    }
    if (!OPTIONS.includes(name)) return wrong(`unknown argument ${word}`);
    const value = name === word ? words[++i] : word.slice(name.length + 1);
    if (value === undefined || value === "") return wrong(`${name} needs a value`);
    if (options.has(name) && name !== FREEDOM) return wrong(`${name} is given twice`);
    options.set(name, value);
  }
  return readOptions(options);
}

/** The fault that the command line names, whatever may be wrong with the rest of it. */
export function faultNamed(words: readonly string[]): string | undefined {
  return valuesOf(FAULT, words)[0];
}

/** A freedom that the command line names, as `ID` or `ID:MILLISECONDS`. */
export interface NamedFreedom {
  readonly id: string;
  readonly delayMs?: number;
}

/** The freedoms that the command line names, whatever may be wrong with the rest of it. */
export function freedomsNamed(words: readonly string[]): NamedFreedom[] {
  return valuesOf(FREEDOM, words).map((value) => {
    const [, id, ms] = value.match(/^(.*):(\d{1,9})$/) ?? [];
    return id === undefined ? { id: value } : { id, delayMs: Number(ms) };
  });
}

function valuesOf(option: string, words: readonly string[]): string[] {
  return words.flatMap((word, i) => {
    if (word === option) return words[i + 1] ?? [];
    return word.startsWith(`${option}=`) ? word.slice(option.length + 1) : [];
  });
}

function readOptions(options: ReadonlyMap<string, string>): Arguments {
  const path = options.get("--socket-path");
  const fd = options.get("--fd");
  if (path !== undefined && fd !== undefined) {
    return wrong("--socket-path and --fd cannot be used together");
  }
  if (path !== undefined) return { kind: "serve", entrance: { path } };
  if (fd === undefined) return wrong("--socket-path=PATH or --fd=N is needed");
  if (!/^\d{1,9}$/.test(fd)) return wrong(`--fd needs the number of a descriptor, not ${fd}`);
  return { kind: "serve", entrance: { fd: Number(fd) } };
}

function wrong(reason: string): Arguments {
  return { kind: "wrong", reason };
}
