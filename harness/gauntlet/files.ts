import { Command } from "../wire/constants.ts";
import { at, type Behaviour } from "./behaviour.ts";

/** As much as it writes at most where the disk is larger than that. */
const MOST = 64 * 2 ** 20;

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Does something to the socket file as soon as a client has come in by it. */
function onceAccepted(act: (path: string) => unknown): NonNullable<Behaviour["accepted"]> {
  let done = false;
  return async (_client, path) => {
    if (!done) await act(path);
    done = true;
  };
}

function fill(path: string): void {
  using file = Deno.openSync(`${folderOf(path)}/full`, { write: true, create: true });
  const piece = new Uint8Array(1 << 20).fill(0x55);
  try {
    for (let size = 0; size < MOST;) size += file.writeSync(piece);
  } catch {
    // the disk is full, as it should be
  }
}

/** Folders within folders, deeper than any path can name. */
function nest(path: string): void {
  const home = Deno.cwd();
  Deno.chdir(folderOf(path));
  for (let depth = 0; depth < 300; depth++) {
    Deno.mkdirSync("n".repeat(200));
    Deno.chdir("n".repeat(200));
  }
  Deno.chdir(home);
}

/** Sockets, folders and disks that do not stay as they were. */
export const FILES: readonly Behaviour[] = [
  {
    id: "removes-socket",
    text: "removes its socket once a client is there",
    accepted: onceAccepted((path) => Deno.remove(path)),
  },
  {
    id: "moves-socket",
    text: "moves its socket once a client is there",
    accepted: onceAccepted((path) => Deno.rename(path, `${path}.moved`)),
  },
  {
    id: "socket-becomes-file",
    text: "puts a file in the place of its socket once a client is there",
    accepted: onceAccepted(async (path) => {
      await Deno.remove(path);
      await Deno.writeTextFile(path, "no socket");
    }),
  },
  {
    id: "socket-becomes-folder",
    text: "puts a folder in the place of its socket once a client is there",
    accepted: onceAccepted(async (path) => {
      await Deno.remove(path);
      await Deno.mkdir(path);
    }),
  },
  {
    id: "socket-becomes-loop",
    text: "puts a link to itself in the place of its socket once a client is there",
    accepted: onceAccepted(async (path) => {
      await Deno.remove(path);
      await Deno.symlink(path, path);
    }),
  },
  {
    id: "removes-folder",
    text: "removes the folder of its socket once a client is there",
    accepted: onceAccepted((path) => Deno.remove(folderOf(path), { recursive: true })),
  },
  {
    id: "folder-becomes-link",
    text: "puts a link to a folder of others in the place of its folder once a client is there",
    accepted: onceAccepted(async (path) => {
      await Deno.remove(folderOf(path), { recursive: true });
      await Deno.symlink("../..", folderOf(path));
    }),
  },
  {
    id: "opens-folder",
    text: "lets everyone write to its folder, and leaves a thousand files there",
    start: (path) => {
      Deno.chmodSync(folderOf(path), 0o777);
      for (let i = 0; i < 1000; i++) Deno.writeTextFileSync(`${folderOf(path)}/${i}`, "");
    },
  },
  { id: "nests-folders", text: "nests folders deeper than a path can name", start: nest },
  { id: "fills-disk", text: "fills the disk that its folder is on, or 64 MiB of it", start: fill },
  {
    id: "fills-disk-later",
    text: "fills the disk at REGION_READ, and refuses",
    answer: at(Command.REGION_READ, async (exchange) => {
      await exchange.answer();
      fill(exchange.path);
      await exchange.reply({ errno: 28 });
    }),
  },
];
