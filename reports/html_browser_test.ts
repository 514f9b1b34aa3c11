import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import axe, { type AxeResults } from "npm:axe-core@4.14.1";
import type { Page } from "npm:playwright-core@1.65.1";
import { html } from "./html.ts";
import { CHROMIUM, ReportBrowser } from "./testdata/browser.ts";
import { HOSTILE_MIXED_RUN, MIXED_RUN } from "./testdata/mixed_run.ts";
import { caseResult, failure, RUN } from "./testdata/sample_run.ts";

const PICTURES = new URL("../test-output/html/", import.meta.url).pathname;

const TESTS: [name: string, body: (browser: ReportBrowser) => Promise<void>][] = [];

/** A page in a real browser, which has nothing to complain about. */
function browserTest(name: string, body: (browser: ReportBrowser) => Promise<void>): void {
  TESTS.push([name, body]);
}

/** Ids of the cases that can be seen. */
async function shown(page: Page): Promise<string[]> {
  return await page.locator(".k:visible .b").evaluateAll((all) => all.map(({ id }) => id));
}

async function isOpen(page: Page, id: string): Promise<boolean> {
  return await page.locator(`.k:has([id="${id}"])`).evaluate((k) => k.hasAttribute("open"));
}

/** What stands behind `#` in the address. */
function fragment(page: Page): string {
  return decodeURIComponent(page.url().split("#")[1] ?? "");
}

async function focused(page: Page): Promise<string> {
  return await page.locator(":focus").innerText();
}

browserTest("opens the case that its address names", async (browser) => {
  const address = await browser.write("report.html", html(MIXED_RUN));
  const page = await browser.open(`${address}#version/no-json`);
  assert(await isOpen(page, "version/no-json"));
  const place = await page.locator('[id="version/no-json"]').boundingBox();
  assert(place !== null && place.y >= 0 && place.y < 900, "it is in sight");
  await page.locator('.strip a[title="version/plain: passed"]').click();
  assert(await isOpen(page, "version/plain"));
  assertEquals(fragment(page), "version/plain");
});

browserTest("filters, and keeps the filter in its address", async (browser) => {
  const address = await browser.write("report.html", html(MIXED_RUN));
  const page = await browser.open(address);
  assertEquals((await shown(page)).length, 7, "suites in which nothing failed are folded");
  const search = page.getByRole("searchbox");
  await search.fill("reserved FLAG");
  assertEquals(await shown(page), ["dma-map/odd-flags"], "a title");
  await search.fill("sigsegv");
  assertEquals(await shown(page), ["dma-map/many"], "a reason");
  await search.fill("device has no migration");
  assertEquals(await shown(page), ["migration/stop"], "why it was skipped");
  await search.fill("dma-map-overlap");
  assertEquals((await shown(page)).length, 11, "a clause");
  await search.fill("");
  await page.getByRole("button", { name: "3 failed" }).click();
  await page.getByRole("button", { name: "1 error" }).click();
  await page.getByLabel("Level", { exact: true }).selectOption("must");
  await page.getByLabel("Suite", { exact: true }).selectOption("dma-map");
  await search.fill("range twice");
  const expected = ["dma-map/same-range-twice", "dma-map/flaky"];
  assertEquals(await shown(page), expected);
  assertEquals(fragment(page), "q=range+twice&v=failed,error&l=must&s=dma-map");
  assertStringIncludes(await page.locator("output").innerText(), "2 of 11");
  await page.reload();
  assertEquals(await shown(page), expected);
  assertEquals(await search.inputValue(), "range twice");
  await page.getByRole("button", { name: "Clear" }).click();
  assertEquals((await shown(page)).length, 7);
  assertEquals(fragment(page), "");
});

browserTest("keeps the filter beside the case that is open", async (browser) => {
  const address = await browser.write("report.html", html(MIXED_RUN));
  const page = await browser.open(`${address}#v=passed`);
  await page.getByText("Sends no JSON").click();
  assertEquals(fragment(page), "v=passed&at=version/no-json");
  await page.reload();
  assert(await isOpen(page, "version/no-json"));
  assertEquals(await shown(page), ["version/plain", "version/no-json"]);
  await page.goto(`${address}#dma-map/many`);
  assert((await shown(page)).includes("dma-map/many"), "a link to a hidden case ends the filter");
});

browserTest("can be used with keys alone", async (browser) => {
  const address = await browser.write("report.html", html(RUN));
  const page = await browser.open(address);
  await page.keyboard.press("/");
  await page.keyboard.type("version/");
  await page.keyboard.press("Enter");
  assertStringIncludes(await focused(page), "version/plain");
  await page.keyboard.press("j");
  assertStringIncludes(await focused(page), "version/no-json");
  await page.keyboard.press("ArrowDown");
  assertStringIncludes(await focused(page), "version/no-json", "the last one");
  await page.keyboard.press("ArrowUp");
  assertStringIncludes(await focused(page), "version/plain");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  assert(await isOpen(page, "version/plain"));
  await page.keyboard.press("Escape");
  assert(!await isOpen(page, "version/plain"));
  await page.keyboard.press("Escape");
  assertEquals(fragment(page), "");
  assertEquals(await page.getByRole("searchbox").inputValue(), "");
  await page.keyboard.press("?");
  assert(await page.getByRole("dialog").isVisible());
  await page.keyboard.press("Escape");
  assert(!await page.getByRole("dialog").isVisible());
});

browserTest("copies the command that plays a case again", async (browser) => {
  const address = await browser.write("report.html", html(RUN));
  const page = await browser.open(address, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.locator('[id="dma-map/many"]').getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assertEquals(
    await page.evaluate("navigator.clipboard.readText()"),
    "deno task conformance --timeout 2000 dma-map/many -- " +
      "./build/samples/server -v --socket-path={socket}",
  );
});

browserTest("can be read without script", async (browser) => {
  const address = await browser.write("report.html", html(RUN));
  const page = await browser.open(`${address}#version/no-json`, { javaScriptEnabled: false });
  assert(await page.getByText("vfu: no capabilities").isVisible());
  assert(await page.getByText("a reply of 16 bytes without error").last().isVisible());
  assertEquals(await page.getByRole("searchbox").count(), 0, "nothing that would not work");
  await page.getByText("Negotiates a version").click();
  assert(await isOpen(page, "version/plain"));
});

browserTest("runs no script but its own", async (browser) => {
  const address = await browser.write("report.html", html(RUN));
  const page = await browser.blank();
  await page.goto(address);
  const title = await page.title();
  await page.evaluate(`{
    const script = document.createElement("script");
    script.textContent = "document.title = 'taken'";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=\\"document.title = 'taken'\\">");
    document.body.insertAdjacentHTML("beforeend", "<p id=styled style='color: red'>styled</p>");
  }`);
  await page.locator("#styled").waitFor();
  assertEquals(await page.title(), title);
  const colour = "getComputedStyle(styled).color !== 'rgb(255, 0, 0)'";
  assert(await page.evaluate(colour), "a style of its own");
});

browserTest("does nothing that a hostile server wants", async (browser) => {
  const address = await browser.write("hostile.html", html(HOSTILE_MIXED_RUN));
  const page = await browser.open(`${address}#q=<script>alert(1)</script>`);
  assertEquals(await page.locator("script").count(), 1);
  assertEquals(await page.locator("img").count(), 0);
  assert((await shown(page)).length > 0, "the search finds the text");
  await page.getByRole("button", { name: "Clear" }).click();
});

browserTest("prints in dark ink on white, without what only a screen needs", async (browser) => {
  const address = await browser.write("report.html", html(RUN));
  const page = await browser.open(address, { colorScheme: "dark" });
  const background = "getComputedStyle(document.body).backgroundColor";
  assertEquals(await page.evaluate(background), "rgb(15, 19, 24)");
  await page.emulateMedia({ media: "print" });
  assertEquals(await page.evaluate(background), "rgb(255, 255, 255)");
  assert(!await page.getByRole("searchbox").isVisible());
  assert(await page.getByText("here it failed").first().isVisible());
  await page.setViewportSize({ width: 720, height: 1000 });
  await stretch(page);
  await Deno.mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}report-print.png` });
  await page.pdf({ path: `${PICTURES}report.pdf`, format: "A4" });
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 400]) {
    browserTest(`breaks no rule of axe: ${colorScheme}, ${width} pixels`, async (browser) => {
      const address = await browser.write("report.html", html(MIXED_RUN));
      const page = await browser.open(address, { colorScheme, viewport: { width, height: 900 } });
      await Deno.mkdir(PICTURES, { recursive: true });
      const path = `${PICTURES}report-${colorScheme}-${width}.png`;
      await stretch(page);
      await page.screenshot({ path });
      await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
      await stretch(page);
      assertEquals(await violations(page), []);
      const wide = "document.documentElement.scrollWidth";
      assertEquals(await page.evaluate(wide), width, "nothing is wider than the window");
    });
  }
}

browserTest("breaks no rule of axe with its help", async (browser) => {
  const address = await browser.write("report.html", html({ ...RUN, results: [] }));
  const page = await browser.open(address);
  await page.keyboard.press("?");
  assertEquals(await violations(page), []);
});

/** Makes the window as high as the page: what is out of sight is not drawn, and not judged. */
async function stretch(page: Page): Promise<void> {
  const { width } = page.viewportSize()!;
  let height = 0;
  for (let last = -1; height !== last;) {
    last = height;
    height = await page.evaluate<number>("document.documentElement.scrollHeight");
    await page.setViewportSize({ width, height });
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
  }
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate("axe.run()") as AxeResults;
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
}

/** The best of some times that a page took to open, in seconds; no more are tried once one is below `enough`. */
async function secondsToOpen(browser: ReportBrowser, address: string, enough = 0): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 5 && best >= enough; i++) {
    await browser.closePages();
    const before = await browser.pageSeconds();
    const page = await browser.open(address);
    const used = [...await browser.pageSeconds()].map(([id, now]) => now - (before.get(id) ?? 0));
    const loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd / 1000";
    // On a machine that is busy, the clock tells what else it does: then processor time counts.
    const seconds = Math.min(
      await page.evaluate<number>(loaded),
      used.reduce((sum, seconds) => sum + seconds, 0),
    );
    best = Math.min(best, seconds);
  }
  return best;
}

browserTest("of 1,000 cases opens within a second", async (browser) => {
  const results = Array.from({ length: 1000 }, (_, i) => {
    const id = `suite-${i % 20}/case-${i}`;
    if (i % 10 !== 0) return caseResult(id);
    return caseResult(id, { verdict: "fail", failure: failure("mismatch", "a reply") });
  });
  const report = [...html({ ...RUN, results })].join("");
  const address = await browser.write("large.html", report);
  const seconds = await secondsToOpen(browser, address, 1);
  const page = await browser.open(address);
  assertStringIncludes(await page.locator("output").innerText(), "1000 of 1000");
  if (seconds < 1) return;
  // A slow machine takes longer than that even for as many paragraphs of one letter.
  const tags = report.split("<").length - 1;
  const plain = `<!doctype html><title>Plain</title>${"<p>x</p>".repeat(tags / 2)}`;
  const least = await secondsToOpen(browser, await browser.write("plain.html", plain));
  assert(seconds < least, `${seconds.toFixed(2)} s, and ${least.toFixed(2)} s for paragraphs`);
});

// Where CI is set, a machine without Chromium fails; a contributor's may do without.
const ignore = CHROMIUM === undefined && Deno.env.get("CI") !== "true";

Deno.test({
  name: `the report in Chromium${ignore ? " (ignored: there is no /usr/bin/chromium)" : ""}`,
  ignore,
  // The pipes to Chromium belong to playwright.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    await using browser = await ReportBrowser.start();
    for (const [name, body] of TESTS) {
      await t.step(name, async () => {
        await body(browser);
        await browser.closePages();
        assertEquals(browser.complaints.splice(0), []);
      });
    }
  },
});
