/** The indexes below `count`; a server that claims billions of them is not asked for each. */
export function indexes(count: number): number[] {
  return Array.from({ length: Math.min(count, 64) }, (_, index) => index);
}
