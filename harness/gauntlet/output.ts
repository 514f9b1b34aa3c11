import { Command } from "../wire/constants.ts";
import { at, type Behaviour, forever } from "./behaviour.ts";

/** Colours, a title, a bell, markup for HTML and XML, and what is no UTF-8. */
const NASTY = Uint8Array.from([
  ...new TextEncoder().encode(
    `\u001b[2J\u001b]0;title\u0007\u0000</pre><script>alert(1)</script>]]><b id="gauntlet">\r\n`,
  ),
  ...[0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x9b],
]);
const PIECE = new Uint8Array(1 << 16).map((_, i) => NASTY[i % NASTY.byteLength]!);
const LONG_LINE = new Uint8Array(1 << 16).fill(0x61);

async function pour(bytes: Uint8Array, ...streams: readonly (typeof Deno.stdout)[]) {
  await Promise.all(streams.map(async (stream) => {
    while (true) await stream.write(bytes);
  }));
}

/** Begun, and not waited for. */
function pours(bytes: Uint8Array, ...streams: readonly (typeof Deno.stdout)[]): () => void {
  return () => void pour(bytes, ...streams).catch(() => {});
}

/** Output that nobody can read. */
export const OUTPUT: readonly Behaviour[] = [
  {
    id: "pours-output",
    text: "writes control characters, markup and broken UTF-8 to both outputs without end",
    start: pours(PIECE, Deno.stdout, Deno.stderr),
  },
  {
    id: "pours-one-line",
    text: "writes one line without end to its standard output",
    start: pours(LONG_LINE, Deno.stdout),
  },
  {
    id: "pours-and-never-listens",
    text: "writes to both outputs without end, and never listens",
    start: async () => {
      pours(PIECE, Deno.stdout, Deno.stderr)();
      await forever();
    },
  },
  {
    id: "prints-and-fails",
    text: "writes control characters, markup and broken UTF-8, and refuses each REGION_READ",
    answer: at(Command.REGION_READ, async (exchange) => {
      await exchange.answer();
      for (const stream of [Deno.stdout, Deno.stderr]) stream.writeSync(NASTY);
      await exchange.reply({ errno: 0xdead });
    }),
  },
  {
    id: "closes-output",
    text: "closes both outputs",
    start: () => {
      Deno.stdout.close();
      Deno.stderr.close();
    },
  },
];
