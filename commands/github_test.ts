import { assertEquals, assertStringIncludes } from "@std/assert";
import { githubAnnotations, markdown } from "../reports/mod.ts";
import { FULL_RUN } from "../reports/testdata/full_run.ts";
import { tellGithub } from "./github.ts";

/** What is printed, and the summary, when it held `before`. */
async function told(before: string, environment: Record<string, string>) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, before);
    let printed = "";
    const where = "GITHUB_STEP_SUMMARY" in environment ? {} : { GITHUB_STEP_SUMMARY: path };
    await tellGithub(FULL_RUN, { ...where, ...environment }, (text) => void (printed += text));
    return { printed, summary: await Deno.readTextFile(path) };
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("tellGithub() adds to the summary, and annotates on a runner", async () => {
  const summary = `before\n${markdown(FULL_RUN)}\n`;
  assertEquals(await told("before\n", {}), { printed: "", summary });
  const printed = githubAnnotations(FULL_RUN);
  assertEquals(await told("before\n", { GITHUB_ACTIONS: "true" }), { printed, summary });
});

Deno.test("tellGithub() does nothing elsewhere", async () => {
  assertEquals(await told("", { GITHUB_STEP_SUMMARY: "" }), { printed: "", summary: "" });
});

Deno.test("tellGithub() leaves a full summary alone, and no bad path ends the run", async () => {
  const full = "x".repeat(1024 * 1024);
  const { printed, summary } = await told(full, {});
  assertEquals(summary, full);
  assertStringIncludes(printed, "The summary of this step is full: nothing was added to ");
  const nowhere = await told("", { GITHUB_STEP_SUMMARY: "/no/such/folder/file" });
  assertStringIncludes(nowhere.printed, "Cannot write the summary of this step to /no/such/");
});
