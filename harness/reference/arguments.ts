import type { Entrance } from "./entrance.ts";

/** What the command line asks for. */
export type Arguments =
  | { readonly kind: "help" }
  | { readonly kind: "list-faults" }
  | { readonly kind: "serve"; readonly entrance: Entrance }
  /** The command line is wrong. */
  | { readonly kind: "wrong"; readonly reason: string };

const FLAGS: readonly string[] = ["--help", "--list-faults"];
const FAULT = "--fault";
const OPTIONS: readonly string[] = ["--socket-path", "--fd", FAULT];

/** Reads the command line; the value of an option is behind `=`, or the word behind it. */
export function readArguments(words: readonly string[]): Arguments {
  const options = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const name = word.split("=", 1)[0]!;
    if (FLAGS.includes(word)) return { kind: word === "--help" ? "help" : "list-faults" };
    if (!OPTIONS.includes(name)) return wrong(`unknown argument ${word}`);
    const value = name === word ? words[++i] : word.slice(name.length + 1);
    if (value === undefined || value === "") return wrong(`${name} needs a value`);
    if (options.has(name)) return wrong(`${name} is given twice`);
    options.set(name, value);
  }
  return readOptions(options);
}

/** The fault that the command line names, whatever may be wrong with the rest of it. */
export function faultNamed(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word.split("=", 1)[0] === FAULT);
  const word = words[at];
  return word === FAULT ? words[at + 1] : word?.slice(FAULT.length + 1);
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
