import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Errno } from "../wire/errno.ts";
import { lastErrno, libc, SystemError, unwrap } from "./libc.ts";

// Opened before the tests, because it stays open: the sanitizer would take that for a leak.
libc();

Deno.test("unwrap() passes a result through", () => {
  assertEquals(unwrap("count to three", "count", 3), 3);
});

Deno.test("unwrap() turns -1 into an error that says what, why and where", () => {
  const error = assertThrows(
    () => unwrap("close descriptor 1000000", "close", libc().close(1_000_000)),
    SystemError,
  );
  assertInstanceOf(error, Error);
  assertEquals(error.name, "SystemError");
  assertEquals(error.message, "Cannot close descriptor 1000000: EBADF");
  assertEquals(error.errno, Errno.EBADF);
  assertEquals(error.call, "close");
});

Deno.test("libc() clears the error number of the call before", () => {
  libc().close(1_000_000);
  assertEquals(lastErrno(), Errno.EBADF);
  libc();
  assertEquals(lastErrno(), 0);
});
