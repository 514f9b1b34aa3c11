import { libc } from "./libc.ts";

const F_GETFD = 1;

/**
 * The descriptors of this process that are open: a test takes them before and after, since nothing
 * else notices when one leaks. Needs no permission but the one for the C library.
 *
 * @param below How far to look.
 */
export function openDescriptors(below = 1024): number[] {
  const numbers = Array.from({ length: below }, (_, number) => number);
  return numbers.filter((number) => libc().fcntl(number, F_GETFD, 0) >= 0);
}
