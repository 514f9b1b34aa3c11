import { assert, assertEquals, assertMatch } from "@std/assert";
import { libc } from "./posix/libc.ts";
import { removeLeftovers, ServerFolder, ServerFolders } from "./server_folder.ts";

libc(); // stays open for good: not a leak of the test that happens to come first

async function names(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).toSorted();
}

Deno.test("a folder is for us alone, has a name that nobody can guess, and goes", async () => {
  const folder = await ServerFolder.make();
  const other = await ServerFolder.make();
  assertEquals((await Deno.lstat(folder.path)).mode! & 0o7777, 0o700);
  assertMatch(folder.path, /-[0-9a-f]{11,16}$/); // 64 random bits, without leading zeros
  assert(folder.path !== other.path);
  await Deno.writeTextFile(`${folder.path}/left`, "");
  await folder[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  assertEquals(await Deno.lstat(folder.path).catch(() => "gone"), "gone");
});

Deno.test("leftovers are removed: folders of ours without a lock, and nothing else", async () => {
  const parent = await Deno.makeTempDir();
  const [stale, locked, foreign] = ["stale", "locked", "foreign"].map((name) =>
    `${parent}/vfio-user-run-${name}`
  );
  for (const path of [stale!, locked!, foreign!, `${parent}/other`]) await Deno.mkdir(path);
  await Deno.symlink(`${parent}/other`, `${parent}/vfio-user-run-link`);
  await Deno.writeTextFile(`${parent}/vfio-user-run-file`, "");
  await Deno.writeTextFile(`${stale}/server.sock`, "");
  if (Deno.uid() === 0) await Deno.chown(foreign!, 12_345, 12_345);
  else await Deno.remove(foreign!);
  {
    using lock = await Deno.open(locked!);
    assert(await lock.tryLock(true));
    await removeLeftovers(parent);
  }
  const kept = ["other", "vfio-user-run-file", "vfio-user-run-link", "vfio-user-run-locked"];
  const foreignKept = Deno.uid() === 0 ? ["vfio-user-run-foreign"] : [];
  assertEquals(await names(parent), [...kept, ...foreignKept].toSorted());
  await removeLeftovers(parent);
  assert(!(await names(parent)).includes("vfio-user-run-locked"));
  await Deno.remove(parent, { recursive: true });
});

/** The folder that is taken after one was given back in which this was done. */
async function nextAfter(act: (path: string) => void) {
  await using folders = new ServerFolders();
  const folder = await folders.take();
  act(folder.path);
  await folders.giveBack(folder);
  const next = await folders.take();
  const isSame = next === folder;
  const info = await Deno.lstat(next.path);
  const found = { isSame, mode: info.mode! & 0o7777, left: await names(next.path) };
  await folders.giveBack(next);
  return { found, paths: [folder.path, next.path] };
}

async function gone(paths: readonly string[]): Promise<boolean> {
  const infos = await Promise.all(paths.map((path) => Deno.lstat(path).catch(() => undefined)));
  return infos.every((info) => info === undefined);
}

Deno.test("a folder is used again, empty, and goes in the end", async () => {
  const { found, paths } = await nextAfter((path) => Deno.writeTextFileSync(`${path}/sock`, ""));
  assertEquals(found, { isSame: true, mode: 0o700, left: [] });
  assert(await gone(paths));
});

const SOILED: Record<string, (path: string) => void> = {
  "is open to others": (path) => Deno.chmodSync(path, 0o777),
  "holds a folder": (path) => Deno.mkdirSync(`${path}/inner`),
  "holds many files": (path) => {
    for (let i = 0; i < 10; i++) Deno.writeTextFileSync(`${path}/${i}`, "");
  },
  "is gone": (path) => Deno.removeSync(path),
  "is a link": (path) => {
    Deno.removeSync(path);
    Deno.symlinkSync("/tmp", path);
  },
};

for (const [name, act] of Object.entries(SOILED)) {
  Deno.test(`a folder is not used again that ${name}`, async () => {
    const { found, paths } = await nextAfter(act);
    assertEquals(found, { isSame: false, mode: 0o700, left: [] });
    assert(await gone(paths));
  });
}
