/**
 * Stand-in for `@std/fmt/colors` where JSR cannot be reached: the functions that the reports use.
 *
 * @module
 */

let enabled = !Deno.noColor;

/** Turns colours on or off for the whole program. */
export function setColorEnabled(value: boolean): void {
  if (Deno.noColor) return;
  enabled = value;
}

/** Whether colours are on. */
export function getColorEnabled(): boolean {
  return enabled;
}

function paint(text: string, open: number, close: number): string {
  const end = `\x1b[${close}m`;
  return enabled ? `\x1b[${open}m${text.replaceAll(end, `\x1b[${open}m`)}${end}` : text;
}

/** Bold text. */
export function bold(str: string): string {
  return paint(str, 1, 22);
}

/** Red text. */
export function red(str: string): string {
  return paint(str, 31, 39);
}

/** Green text. */
export function green(str: string): string {
  return paint(str, 32, 39);
}

/** Yellow text. */
export function yellow(str: string): string {
  return paint(str, 33, 39);
}

/** Gray text. */
export function gray(str: string): string {
  return paint(str, 90, 39);
}
