import { assert, assertEquals, assertThrows } from "@std/assert";
import { libc, SystemError } from "./libc.ts";
import { openFile } from "./fd.ts";
import { memoryFile } from "./memory.ts";
import { fileIdentity, fileSize, linkTarget, namesIn, readText } from "./proc.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

Deno.test("readText() reads what has no size, and what is longer than one read", async () => {
  assertEquals(readText("/proc/self/limits"), await Deno.readTextFile("/proc/self/limits"));
  const path = await Deno.makeTempFile();
  const text = "ä€😀\n".repeat(30_000);
  await Deno.writeTextFile(path, text);
  assertEquals(readText(path), text);
  await Deno.remove(path);
});

Deno.test("namesIn() names all there is, also where one read does not hold it", async () => {
  const folder = await Deno.makeTempDir();
  const names = Array.from({ length: 2000 }, (_, i) => `${i}`.padStart(100, "é").slice(-100));
  for (const name of names) await Deno.writeTextFile(`${folder}/${name}`, "");
  assertEquals(namesIn(folder).toSorted(), names.toSorted());
  await Deno.remove(folder, { recursive: true });
  using file = memoryFile(1);
  assert(namesIn("/proc/self/fd").includes(String(file.number)));
});

Deno.test("linkTarget() tells what a descriptor is of", async () => {
  using file = openFile("/dev/null");
  assertEquals(linkTarget(`/proc/self/fd/${file.number}`), "/dev/null");
  assertEquals(linkTarget("/proc/self/cwd"), await Deno.realPath("."));
});

Deno.test("fileIdentity() tells files apart", () => {
  using file = memoryFile(1);
  using other = memoryFile(1);
  using same = file.duplicate();
  const [one, two, three] = [file, other, same].map(({ number }) =>
    fileIdentity(`/proc/self/fd/${number}`)
  );
  assertEquals(one, three);
  assert(one!.inode !== two!.inode && one!.device === two!.device);
  assertEquals(Number(one!.inode), Deno.statSync(`/proc/self/fd/${file.number}`).ino);
});

Deno.test("what is not there is told by its name", () => {
  for (const look of [readText, namesIn, linkTarget, fileIdentity]) {
    const error = assertThrows(() => look("/proc/no"), SystemError);
    assert(error.message.endsWith(" /proc/no: ENOENT"), error.message);
  }
});

Deno.test("fileSize() tells the bytes of a file that a descriptor is of", () => {
  using file = memoryFile(12_345);
  assertEquals(fileSize(`/proc/self/fd/${file.number}`), 12_345n);
});
