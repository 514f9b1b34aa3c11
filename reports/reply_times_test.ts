import { assertEquals } from "@std/assert";
import { median, replyTimes } from "./reply_times.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { caseResult, message } from "./testdata/sample_run.ts";

function times(...transcript: Parameters<typeof message>[]) {
  return replyTimes([caseResult("a/b", { transcript: transcript.map((m) => message(...m)) })]);
}

Deno.test("replyTimes() pairs each reply with its command, by command", () => {
  assertEquals(
    times(
      ["sent", 1, { command: 9 }],
      ["received", 4, { command: 9 }],
      ["sent", 5, { command: 1 }],
      ["received", 5.5, { command: 1 }],
      ["sent", 7, { command: 9 }],
      ["received", 8, { command: 9, flags: 0x21, error: 22 }],
    ),
    [{ command: "VERSION", times: [0.5] }, { command: "REGION_READ", times: [1, 3] }],
  );
});

Deno.test("replyTimes() counts neither replies to something else nor commands of the server", () => {
  assertEquals(
    times(
      ["received", 1, { command: 9 }],
      ["sent", 2, { command: 9 }],
      ["received", 3, { command: 11, flags: 0 }],
      ["sent", 4, { command: 11, flags: 1 }],
      ["received", 5, { command: 10 }],
    ),
    [],
  );
});

Deno.test("replyTimes() leaves out what was sent in pieces", () => {
  const sent = { ...message("sent", 1, { command: 9 }), text: "in 3 pieces, cut at 4, 8" };
  const transcript = [sent, message("received", 400, { command: 9 })];
  assertEquals(replyTimes([caseResult("a/b", { transcript })]), []);
});

Deno.test("replyTimes() survives nonsense", () => {
  assertEquals(replyTimes(HOSTILE_RUN.results).map(({ command }) => command), [
    "VERSION",
    "DMA_MAP",
  ]);
});

Deno.test("median() is the time in the middle", () => {
  assertEquals(median({ command: "VERSION", times: [1, 2, 9] }), 2);
  assertEquals(median({ command: "VERSION", times: [1, 2, 4, 9] }), 3);
  assertEquals(median({ command: "VERSION", times: [5] }), 5);
});
