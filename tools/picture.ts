// Makes reports/picture.png, the picture of the README, from a real run against a faulty server.

import { parseProfile } from "../harness/parse_profile.ts";
import { html, run } from "../mod.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const FAULT = "map-again-einval";
/** As many suites as leave room for the failures in the picture. */
const PATTERNS = ["version", "device-get-info", "device-get-region-info", "dma-map", "dma-unmap"];
const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--hide-scrollbars",
];

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
const folder = await Deno.makeTempDir();
try {
  await Deno.writeTextFile(`${folder}/report.html`, html({ ...result, info }));
  const { success } = await new Deno.Command("chromium", {
    args: [
      ...CHROMIUM_FLAGS,
      `--user-data-dir=${folder}/profile`,
      `--screenshot=${ROOT}reports/picture.png`,
      "--window-size=1100,960",
      `file://${folder}/report.html`,
    ],
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error("Cannot make the picture: Chromium failed");
} finally {
  await Deno.remove(folder, { recursive: true });
}
