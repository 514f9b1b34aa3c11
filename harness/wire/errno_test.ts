import { assertEquals } from "@std/assert";
import { Errno, errnoName } from "./errno.ts";

Deno.test("errnoName() names what Linux names", () => {
  assertEquals(errnoName(Errno.EINVAL), "EINVAL");
  assertEquals(errnoName(1), "EPERM");
  assertEquals(errnoName(133), "EHWPOISON");
});

Deno.test("errnoName() shows any other number", () => {
  for (const errno of [0, 41, 58, 134, 4711, 0xffffffff]) {
    assertEquals(errnoName(errno), `errno ${errno}`);
  }
});
