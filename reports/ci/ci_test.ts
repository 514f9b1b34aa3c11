import { assert, assertEquals } from "@std/assert";
import { type CaseResult, type RunResult, summarize } from "../../harness/results.ts";
import { readJsonl } from "../jsonl.ts";
import {
  githubPipeline,
  gitlabPipeline,
  jenkinsPipeline,
  type Job,
  type Pipeline,
} from "./_pipelines.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PATTERNS = "device-get-info dma-map/*same*";

const FILES: readonly [file: string, read: (text: string) => Pipeline][] = [
  ["github-actions.yml", githubPipeline],
  ["gitlab-ci.yml", gitlabPipeline],
  ["Jenkinsfile", jenkinsPipeline],
];

async function text(path: string): Promise<string> {
  return await Deno.readTextFile(`${ROOT}${path}`);
}

/** The one Deno that the checks of this repository run with, as `npx` gets it. */
async function pin(): Promise<string> {
  return /npx --yes (deno@[\d.]+)/.exec(await text(".ci/run"))![1]!;
}

async function writeProgram(path: string, lines: readonly string[]): Promise<void> {
  await Deno.writeTextFile(path, ["#!/bin/sh", "set -eu", ...lines, ""].join("\n"));
  await Deno.chmod(path, 0o755);
}

/** A vendor's world: a repository with a server in it, the suite in another, and machines of a CI system. */
class World implements AsyncDisposable {
  readonly #folder: string;
  #machines = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(serverArguments: string): Promise<World> {
    const folder = await Deno.makeTempDir();
    for (const name of ["bin", "vendor", "store", "home"]) await Deno.mkdir(`${folder}/${name}`);
    // Nothing is downloaded: the Deno that runs this test takes the place of the same one from npm.
    await writeProgram(`${folder}/bin/npx`, [
      `[ "$1 $2" = "-y ${await pin()}" ]`,
      `shift 2`,
      `exec "${Deno.execPath()}" "$@"`,
    ]);
    const server = `exec deno run --allow-all --quiet ${ROOT}harness/reference/main.ts "$@"`;
    await writeProgram(`${folder}/vendor/build.sh`, [
      `mkdir build`,
      `printf '#!/bin/sh\\n%s ${serverArguments}\\n' '${server}' > build/my-server`,
      `chmod +x build/my-server`,
    ]);
    const world = new World(folder);
    const commit = "git -c user.name=vendor -c user.email=vendor@example.org commit -qm server";
    const vendor = `cd vendor && git init -q && git add . && ${commit}`;
    assertEquals(await world.shell(`${vendor} && git clone -q ${ROOT} ../suite`, "."), 0);
    return world;
  }

  /** Runs a command as a CI system does, and gives its exit code. */
  async shell(command: string, folder: string, env: Record<string, string> = {}): Promise<number> {
    const path = [`${this.#folder}/bin`, Deno.execPath().replace(/\/[^/]*$/, "")];
    const { code } = await new Deno.Command("bash", {
      args: ["-e", "-c", command],
      cwd: `${this.#folder}/${folder}`,
      env: { ...env, PATH: `${path.join(":")}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
      stdout: "null",
      stderr: "null",
    }).output();
    return code;
  }

  /** Plays a job on a machine of its own. Its value is the first exit code that is not 0. */
  async play({ checkout, env, steps }: Job): Promise<number> {
    const workspace = `machine-${++this.#machines}`;
    await Deno.mkdir(`${this.#folder}/${workspace}`);
    if (checkout) assertEquals(await this.shell(`git clone -q ../vendor .`, workspace), 0);
    const variables = { ...env, SUITE: `${this.#folder}/suite`, PATTERNS };
    const store = `${this.#folder}/store`;
    let code = 0;
    for (const step of steps) {
      if (step.kind === "run" && code === 0) {
        code = await this.shell(step.command, `${workspace}/${step.folder}`, variables);
      } else if (step.kind === "save") {
        const copy = `mkdir -p ${store}/${step.as}; cp -rT ${step.path} ${store}/${step.as}`;
        assertEquals(await this.shell(copy, workspace), 0);
      } else if (step.kind === "restore") {
        const copy = `mkdir -p ${step.to}; cp -rT ${store}/${step.from} ${step.to}`;
        assertEquals(await this.shell(copy, workspace), 0);
      }
    }
    return code;
  }

  /** Plays a whole pipeline: the exit codes of its jobs, and the files of the merged report. */
  async playAll({ shards, report }: Pipeline) {
    const codes = await Promise.all(shards.map((job) => this.play(job)));
    codes.push(await this.play(report));
    const folder = `${this.#folder}/machine-${this.#machines}/report`;
    const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
    return { codes, files: files.toSorted(), run: await this.#results(folder) };
  }

  async #results(folder: string): Promise<RunResult> {
    return readJsonl(await Deno.readTextFile(`${folder}/results.jsonl`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

const wanted = ({ id }: { readonly id: string }) => /^device-get-info|^dma-map\/.*same/.test(id);

/** Ids of the cases that the patterns name. */
async function wantedIds(): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", `${ROOT}main.ts`, "--list", "--json"],
  }).output();
  const cases: CaseResult[] = JSON.parse(new TextDecoder().decode(stdout));
  return cases.filter(wanted).map(({ id }) => id);
}

const REPORTS = ["junit.xml", "report.html", "results.jsonl"];

Deno.test("the commands of a pipeline make one report of four shards", async () => {
  const [file, read] = FILES[0]!;
  await using world = await World.create("");
  const { codes, files, run } = await world.playAll(read(await text(`reports/ci/${file}`)));
  assertEquals(codes, [0, 0, 0, 0, 0]);
  assertEquals([files, run.complete, run.info.label], [REPORTS, true, "my-server"]);
  assertEquals(run.results.map(({ id }) => id), await wantedIds());
  assert(summarize(run.results, run.info.levels).passed > 20);
});

for (const [file, read] of FILES) {
  Deno.test(`the commands of ${file} report what fails in a shard`, async () => {
    const pipeline = read(await text(`reports/ci/${file}`));
    assertEquals(pipeline.shards.length, 4);
    await using world = await World.create("--fault=map-again-einval");
    const { codes, files, run } = await world.playAll(pipeline);
    assertEquals([codes.slice(0, 4).includes(1), codes[0], codes.at(-1)], [true, 0, 1]);
    assertEquals([files, run.complete], [REPORTS, true]);
    assertEquals(run.results.map(({ id }) => id), await wantedIds());
    assert(summarize(run.results, run.info.levels).failed > 0);
  });
}
