import type { RunResult } from "../mod.ts";
import { DEFAULT_FORMATS, type FormatName, FORMATS, type JunitOptions } from "../reports/mod.ts";
import { usage } from "./command_line.ts";
import { writeWhole } from "./report_files.ts";

/** Which reports are written, and where. */
export interface ReportSettings {
  readonly formats: readonly FormatName[];
  /** The folder, which exists. */
  readonly out: string;
  /** How JUnit names the other reports as attachments: absolute for Jenkins, relative for GitLab. Default: not at all. */
  readonly attachments?: "absolute" | "relative";
}

/** Reads `--report junit,html`. */
export function parseFormats(list: string | undefined): readonly FormatName[] {
  if (list === undefined) return DEFAULT_FORMATS;
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(FORMATS, name));
  if (unknown !== undefined) {
    throw usage(`Unknown report ${unknown}: known are ${Object.keys(FORMATS).join(", ")}`);
  }
  return [...new Set(names as FormatName[])];
}

/** Reads `--attachments absolute`. */
export function parseAttachments(
  text: string | undefined,
): { readonly attachments?: "absolute" | "relative" } {
  if (text === undefined) return {};
  if (text === "absolute" || text === "relative") return { attachments: text };
  throw usage(`--attachments must be absolute (Jenkins) or relative (GitLab): it is ${text}`);
}

/** Writes each report whole or not at all, and says where it lies. */
export async function writeReports(
  run: RunResult,
  { formats, out, attachments }: ReportSettings,
): Promise<readonly string[]> {
  const pathOf = (name: FormatName) => `${out}/${FORMATS[name].file}`;
  const options = await junitOptions({ formats, out, ...(attachments && { attachments }) });
  for (const name of formats) {
    await writeWhole(pathOf(name), FORMATS[name].parts(run, options)).catch((error: Error) => {
      throw usage(`Cannot write ${pathOf(name)}: ${error.message}`);
    });
  }
  return formats.map(pathOf);
}

/** What JUnit names as attachments. */
export async function junitOptions(
  { formats, out, attachments }: ReportSettings,
): Promise<JunitOptions> {
  if (attachments === undefined || !formats.includes("html")) return {};
  const { file } = FORMATS.html;
  const path = attachments === "absolute"
    ? `${await Deno.realPath(out)}/${file}`
    : relative(`${out}/${file}`);
  return { attachments: [path] };
}

/** GitLab takes paths from the project's root: where its jobs begin. */
function relative(path: string): string {
  const root = `${Deno.cwd()}/`;
  return path.startsWith(root) ? path.slice(root.length) : path.replace(/^(\.\/)+/, "");
}
