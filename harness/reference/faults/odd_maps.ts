import type { Fd } from "../../posix/fd.ts";
import { Command } from "../../wire/constants.ts";
import { Errno } from "../../wire/errno.ts";
import { DmaMap } from "../../wire/messages.ts";
import type { Fault, Hooks } from "../fault.ts";
import type { Message } from "../message.ts";
import { onMap, type Values } from "./dma_tools.ts";
import { type Mistreatment, mistreats, SUFFERS } from "./tools.ts";

type Test = (map: Values, fds: readonly Fd[]) => boolean;
/** `stays`: is refused, and is mapped all the same. */
type Row = readonly [
  id: string,
  clause: string,
  what: string,
  how: Mistreatment | "stays",
  test: Test,
];

/** A descriptor as the kernel describes it. */
function look(fd: Fd): { readonly name: string; readonly info: Deno.FileInfo } {
  const path = `/proc/self/fd/${fd.number}`;
  return { name: Deno.readLinkSync(path), info: Deno.statSync(path) };
}

function isFile(fds: readonly Fd[], test: (file: ReturnType<typeof look>) => boolean): boolean {
  return fds.length > 0 && test(look(fds[0]!));
}

/** Whether its access mode, the last octal digit of its flags, is reading alone. */
function isReadOnly([fd]: readonly Fd[]): boolean {
  if (fd === undefined) return false;
  return /flags:\t\d*0$/m.test(Deno.readTextFileSync(`/proc/self/fdinfo/${fd.number}`));
}

function endsBeyond(fds: readonly Fd[], end: bigint): boolean {
  return isFile(fds, ({ info }) => info.isFile && info.size > 0 && BigInt(info.size) < end);
}

const ROWS: readonly Row[] = [
  ["bit-4-stays", "dma-map-flags-unknown", "flag bit 4", "stays", (m) => (m.flags & 0x10) !== 0],
  ["bit-31-hangs", "dma-map-flags-unknown", "flag bit 31", "hangs", (m) => m.flags > 0x7fff_ffff],
  ["argsz-0-dies", "dma-map-argsz-small", "argsz 0", "dies", ({ argsz }) => argsz === 0],
  ["argsz-31-stays", "dma-map-argsz-small", "argsz 31", "stays", ({ argsz }) => argsz === 31],
  [
    "offset-1-stays",
    "dma-map-offset-unaligned",
    "an offset within a page of its file",
    "stays",
    ({ offset }, fds) => fds.length > 0 && (offset & 0xfffn) !== 0n,
  ],
  [
    "offset-without-fd-stays",
    "dma-map-nofd-offset",
    "a file offset and no descriptor",
    "stays",
    ({ offset }, fds) => fds.length === 0 && offset !== 0n,
  ],
  [
    "read-only-fd-stays",
    "dma-map-ro-fd-rw",
    "a descriptor that cannot be written",
    "stays",
    ({ flags }, fds) => (flags & 2) !== 0 && isReadOnly(fds) && isFile(fds, (f) => f.info.isFile),
  ],
  ["two-fds-stays", "dma-map-two-fds", "two descriptors", "stays", (_, fds) => fds.length === 2],
  [
    "size-beyond-file-dies",
    "dma-map-beyond-eof",
    "more bytes than its file has",
    "dies",
    ({ offset, size }, fds) => size < 1n << 40n && offset === 0n && endsBeyond(fds, size),
  ],
  [
    "offset-beyond-file-twice",
    "dma-map-beyond-eof",
    "an offset behind the end of its file",
    "twice",
    ({ offset }, fds) => offset > 0n && offset < 1n << 62n && endsBeyond(fds, offset),
  ],
  [
    "eventfd-hangs",
    "dma-map-fd-pipe",
    "an eventfd",
    "hangs",
    (_, fds) => isFile(fds, ({ name }) => name.includes("[eventfd]")),
  ],
  [
    "pipe-hangs",
    "dma-map-fd-pipe",
    "a pipe",
    "hangs",
    (_, fds) => isFile(fds, ({ name }) => name.startsWith("pipe:")),
  ],
  [
    "null-device-stays",
    "dma-map-fd-pipe",
    "/dev/null",
    "stays",
    (_, fds) => isFile(fds, ({ name }) => name === "/dev/null"),
  ],
  [
    "directory-stays",
    "dma-map-fd-pipe",
    "a directory",
    "stays",
    (_, fds) => isFile(fds, ({ info }) => info.isDirectory),
  ],
  [
    "socket-unanswered",
    "dma-map-fd-pipe",
    "a socket",
    "unanswered",
    (_, fds) => isFile(fds, ({ name }) => name.startsWith("socket:")),
  ],
  [
    "mmap-flag-stays",
    "dma-map-ext-mmap-nofd",
    "flag bit 2 and no descriptor",
    "stays",
    ({ flags }, fds) => fds.length === 0 && (flags & 0x4) !== 0,
  ],
  [
    "file-io-flag-dies",
    "dma-map-ext-mmap-nofd",
    "flag bit 3 and no descriptor",
    "dies",
    ({ flags }, fds) => fds.length === 0 && (flags & 0x8) !== 0,
  ],
];

function stays(test: Test): () => Hooks {
  return onMap((map, { fds }, { dma }) => {
    const { address, size, flags } = map;
    if (!test(map, fds)) return;
    if (size > 0n && !dma.overlaps(address, size)) dma.add({ address, size, flags });
    return { errno: Errno.EINVAL };
  });
}

function isMap(test: Test): (request: Message) => boolean {
  return ({ command, payload, fds }) =>
    command === Command.DMA_MAP && payload.byteLength >= DmaMap.size &&
    test(DmaMap.decode(payload), fds);
}

/** Faults with maps that a server may refuse (catalogue 2.10). */
export const oddMapFaults: readonly Fault[] = ROWS.map(([id, clause, what, how, test]) => ({
  id: `map-${id}`,
  clause,
  text: `A map with ${what} ${
    how === "stays" ? "is refused, and is there all the same" : SUFFERS[how]
  }.`,
  hooks: how === "stays" ? stays(test) : mistreats(how, isMap(test)),
}));
