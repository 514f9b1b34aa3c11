import { assertEquals } from "@std/assert";
import { OutputTail } from "./output_tail.ts";
import { pipe } from "./posix/fd.ts";
import { libc } from "./posix/libc.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

const KEPT = 16 * 1024;

/** What is kept of pieces of text that are printed one after the other, each looked at before the next. */
function kept(...pieces: readonly string[]): string {
  const [read, write] = pipe({ blocking: false });
  using theirs = write;
  using output = new OutputTail(read);
  for (const piece of pieces) {
    const bytes = new TextEncoder().encode(piece);
    libc().write(theirs.number, bytes, BigInt(bytes.byteLength));
    output.drain();
  }
  return output.take();
}

Deno.test("OutputTail keeps what a server prints", () => {
  assertEquals(kept("one\n", "two\n"), "one\ntwo\n");
});

Deno.test("OutputTail keeps the head and the tail of what is long, and counts the rest", () => {
  const [head, middle, tail] = ["h", "m", "t"].map((letter) => letter.repeat(KEPT));
  assertEquals(kept(head!, tail!), head! + tail!);
  const gap = (bytes: number) => `\n[… ${bytes} bytes left out …]\n`;
  assertEquals(kept(head! + middle! + tail!), head! + gap(KEPT) + tail!);
  assertEquals(kept(head!, middle!, tail!), head! + gap(KEPT) + tail!);
  assertEquals(kept(head!, middle!, "end"), head! + gap(3) + middle!.slice(3) + "end");
});

Deno.test("OutputTail begins anew when it was taken, and knows the end", async () => {
  const [read, write] = pipe({ blocking: false });
  using output = new OutputTail(read);
  {
    using theirs = write;
    libc().write(theirs.number, new TextEncoder().encode("x".repeat(2 * KEPT)), BigInt(2 * KEPT));
    assertEquals(output.take(), "x".repeat(2 * KEPT));
    assertEquals([output.take(), await output.ended(0)], ["", false]);
  }
  assertEquals([await output.ended(1000), output.source], [true, undefined]);
});
