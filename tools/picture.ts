// Makes reports/picture.png, the picture of the README, from a real run against a faulty server.

import { parseProfile } from "../harness/parse_profile.ts";
import { html, run } from "../mod.ts";
import { ReportBrowser } from "../reports/testdata/browser.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const FAULT = "map-again-einval";
/** As many suites as leave room for the failures in the picture. */
const PATTERNS = ["version", "device-get-info", "device-get-region-info", "dma-map", "dma-unmap"];
const profile = await Deno.readTextFile(`${ROOT}harness/reference/profile.json`);
const reference = `${ROOT}harness/reference/main.ts`;
const argv = [Deno.execPath(), "run", "--allow-all", reference, "--socket-path={socket}"];
const result = await run({
  target: { kind: "command", argv: [...argv, `--fault=${FAULT}`] },
  profile: parseProfile(profile, "profile.json"),
  patterns: PATTERNS,
  label: "my-server",
});
const info = { ...result.info, target: "./my-server --socket-path={socket}" };
await using browser = await ReportBrowser.start();
const address = await browser.write("report.html", html({ ...result, info }));
const page = await browser.open(`${address}#s=dma-map&v=failed`, {
  viewport: { width: 1100, height: 1000 },
  deviceScaleFactor: 1.5,
});
await page.screenshot({ path: `${ROOT}reports/picture.png` });
