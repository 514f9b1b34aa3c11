// Makes reports/picture.png, the picture of the README: a real run against a faulty server.

const ROOT = new URL("../", import.meta.url).pathname;
const REFERENCE = `${ROOT}harness/reference/main.ts`;
const FAULT = Deno.args[0] ?? "map-again-einval";
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

async function run(
  program: string,
  args: readonly string[],
  codes: readonly number[],
): Promise<void> {
  const { code } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    stdout: "null",
    stderr: "null",
  }).output();
  if (!codes.includes(code)) throw new Error(`Cannot make the picture: ${program} gave ${code}`);
}

const folder = await Deno.makeTempDir();
try {
  await run(Deno.execPath(), [
    ...["task", "conformance", "--out", folder, "--label", "my-server"],
    ...["--profile", "harness/reference/profile.json"],
    ...["--", Deno.execPath(), "run", "--allow-all", REFERENCE, `--fault=${FAULT}`],
  ], [1]);
  await run("chromium", [
    ...CHROMIUM_FLAGS,
    `--user-data-dir=${folder}/profile`,
    `--screenshot=${ROOT}reports/picture.png`,
    "--window-size=1100,1000",
    `file://${folder}/report.html`,
  ], [0]);
} finally {
  await Deno.remove(folder, { recursive: true });
}
