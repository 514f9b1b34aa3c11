/** How to start the server under test, or where it already is. */
export type Target =
  | {
    readonly kind: "command";
    /** Program and arguments; `{socket}` and `{fd}` are replaced in each of them. */
    readonly argv: readonly string[];
    /** Pass a listening descriptor as `{fd}` instead of a path. */
    readonly passFd?: boolean;
    readonly cwd?: string;
    /** Added to our own environment. */
    readonly env?: Readonly<Record<string, string>>;
    /** Run after each start, before the first connection. */
    readonly before?: readonly string[];
    /** Run before each stop. */
    readonly after?: readonly string[];
  }
  | { readonly kind: "attach"; readonly path: string };

/** Puts the socket's path or the descriptor's number into the arguments. */
export function fillIn(
  argv: readonly string[],
  values: { readonly socket: string; readonly fd?: number },
): string[] {
  return argv.map((word) =>
    word.replaceAll("{socket}", () => values.socket) // a path may hold $&
      .replaceAll("{fd}", () => values.fd === undefined ? "{fd}" : String(values.fd))
  );
}

/** The arguments with a place for the socket: the convention `--socket-path=PATH` where none stands. */
export function withPlaceholder(argv: readonly string[], passFd: boolean): string[] {
  const placeholder = passFd ? "{fd}" : "{socket}";
  if (argv.some((word) => word.includes(placeholder))) return [...argv];
  return [...argv, passFd ? "--fd={fd}" : "--socket-path={socket}"];
}

/** Whether the command names its socket as the backend program conventions say. */
export function claimsConventions(target: Target): boolean {
  return target.kind === "command" && conventionAt(target.argv) !== undefined;
}

/** The arguments with others in place of those that name the socket by the conventions. */
export function withConventionWords(argv: readonly string[], words: readonly string[]): string[] {
  const place = conventionAt(argv);
  return place === undefined
    ? [...argv, ...words]
    : argv.toSpliced(place.at, place.count, ...words);
}

const IN_ONE_WORD: readonly string[] = ["--socket-path={socket}", "--fd={fd}"];
const IN_TWO_WORDS: readonly string[] = ["--socket-path {socket}", "--fd {fd}"];

function conventionAt(argv: readonly string[]): { at: number; count: number } | undefined {
  const at = argv.findIndex((word) => IN_ONE_WORD.includes(word));
  if (at >= 0) return { at, count: 1 };
  const first = argv.findIndex((word, i) => IN_TWO_WORDS.includes(`${word} ${argv[i + 1]}`));
  return first < 0 ? undefined : { at: first, count: 2 };
}

/** The target as a person would write it. */
export function targetText(target: Target): string {
  return target.kind === "attach" ? target.path : target.argv.join(" ");
}
