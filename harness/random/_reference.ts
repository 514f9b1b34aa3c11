import { parseProfile } from "../parse_profile.ts";
import type { RandomOptions } from "./run.ts";
import type { Target } from "../target.ts";

const MAIN = new URL("../reference/main.ts", import.meta.url).pathname;
const PROFILE = new URL("../reference/profile.json", import.meta.url);

/** The reference server, or one with a fault. */
export function referenceServer(fault?: string): Target {
  const argv = [Deno.execPath(), "run", "--allow-all", "--quiet", MAIN, "--socket-path={socket}"];
  return { kind: "command", argv: fault === undefined ? argv : [...argv, `--fault=${fault}`] };
}

/** Few conversations with the reference server. */
export const FEW: RandomOptions = {
  profile: parseProfile(Deno.readTextFileSync(PROFILE), "profile.json"),
  skipped: [],
  count: 100,
  commands: 50,
  seed: 1,
  timeoutMs: 2000,
  startMs: 10_000,
  graceMs: 1000,
};
