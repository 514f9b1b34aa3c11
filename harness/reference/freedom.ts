import type { Hooks } from "./fault.ts";

/** Legal behaviour of the reference server that looks odd. */
export interface Freedom {
  /** Name for `--freedom`. */
  readonly id: string;
  /** What it does, in one sentence. */
  readonly text: string;
  /** The requirement that leaves it open: an id of the catalogue. */
  readonly clause: string;
  /** Suites that are the likeliest to take offence. */
  readonly suites: readonly string[];
  /** Freedoms of one kind exclude each other. */
  readonly kind?: string;
  /** What a profile of the device may not name any more. */
  readonly lacks?: Lacks;
  /** How long it lets a client wait, in milliseconds, where it does and nothing else is said. */
  readonly delayMs?: number;
  /** Makes the hooks; their state lives as long as the server. */
  readonly hooks: (delayMs: number) => Hooks;
}

/** Parts of the device that are not there, or not to be used as by default. */
export interface Lacks {
  /** Regions that are no scratch memory. */
  readonly scratch?: readonly number[];
  /** Interrupt indexes that cannot be raised. */
  readonly interrupts?: readonly number[];
  /** The device does not access guest memory. */
  readonly dma?: true;
  /** A reset does not put registers back. */
  readonly reset?: true;
}
