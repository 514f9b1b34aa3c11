import { HarnessError } from "../harness_error.ts";

/** The library that draws and shrinks. */
export type FastCheck = typeof import("npm:fast-check@4.10.2").default;
/** What draws values of a type. */
export type Arbitrary<T> = import("npm:fast-check@4.10.2").Arbitrary<T>;

/** Not a literal in the import: whoever draws nothing at random needs no npm. */
const SPECIFIER: string = "npm:fast-check@4.10.2";

/** Loads fast-check. Throws `HarnessError` of kind `start` where npm cannot be reached. */
export async function loadFastCheck(): Promise<FastCheck> {
  try {
    return (await import(SPECIFIER)).default;
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    throw new HarnessError("start", `Cannot load ${SPECIFIER} from npm: ${reason}`, {
      cause: error,
    });
  }
}
