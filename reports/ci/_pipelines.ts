import { parse } from "npm:yaml@2.8.1";

/** What a job of a CI system does, in order. Paths are relative to its workspace. */
export type Step =
  | { readonly kind: "run"; readonly command: string; readonly folder: string }
  | { readonly kind: "save"; readonly path: string; readonly as: string }
  | { readonly kind: "restore"; readonly from: string; readonly to: string };

/** A job: a clean workspace, some variables, and steps. A command that fails ends the commands, not the saving. */
export interface Job {
  readonly checkout: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** Jobs that run at the same time, and the one that follows whatever becomes of them. */
export interface Pipeline {
  readonly shards: readonly Job[];
  readonly report: Job;
}

interface GithubStep {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly "working-directory"?: string;
  readonly with?: { readonly name?: string; readonly path?: string; readonly pattern?: string };
}

/** Reads a workflow of GitHub Actions. */
export function githubPipeline(text: string): Pipeline {
  const { env, jobs: { shard, report } } = parse(text);
  if (report.if !== "always()" || report.needs !== "shard") throw new Error("No report at last");
  const job = (steps: readonly GithubStep[]): Job => ({
    checkout: steps.some(({ uses }) => uses?.startsWith("actions/checkout@")),
    env,
    steps: steps.map(githubStep).filter((step) => step !== undefined),
  });
  const shards = shard.strategy.matrix.shard.map((value: number) =>
    job(JSON.parse(JSON.stringify(shard.steps).replaceAll("${{ matrix.shard }}", String(value))))
  );
  return { shards, report: job(report.steps) };
}

function githubStep(step: GithubStep): Step | undefined {
  const { uses, run, with: inputs } = step;
  if (run !== undefined) {
    return { kind: "run", command: run, folder: step["working-directory"] ?? "." };
  }
  switch (uses?.split("@")[0]) {
    case "actions/checkout":
      return undefined;
    case "actions/upload-artifact":
      if (step.if !== "always()") throw new Error("A failed job would upload nothing");
      return { kind: "save", path: inputs!.path!, as: inputs!.name! };
    case "actions/download-artifact":
      if (inputs!.pattern !== "shard-*") throw new Error("The shards are named shard-1 and so on");
      return { kind: "restore", from: ".", to: inputs!.path! };
    default:
      throw new Error(`Nobody knows what ${uses} does`);
  }
}

/** Reads a pipeline of GitLab CI. */
export function gitlabPipeline(text: string): Pipeline {
  const { variables, default: common, conformance, report } = parse(text);
  if (report.when !== "always" || conformance.artifacts.when !== "always") {
    throw new Error("A failed job would leave no report");
  }
  const total = conformance.parallel as number;
  const script = (job: { script: string[] }): Step => ({
    kind: "run",
    command: [...common.before_script, ...job.script].join("\n"),
    folder: ".",
  });
  const shards = Array.from({ length: total }, (_, i): Job => ({
    checkout: true,
    env: { ...variables, CI_NODE_INDEX: String(i + 1), CI_NODE_TOTAL: String(total) },
    steps: [script(conformance), ...saved(conformance.artifacts.paths)],
  }));
  const restored = conformance.artifacts.paths
    .map((path: string) => ({ kind: "restore", from: path, to: path }));
  const steps = [...restored, script(report), ...saved(report.artifacts.paths)];
  return { shards, report: { checkout: true, env: variables, steps } };
}

function saved(paths: readonly string[]): Step[] {
  return paths.map((path) => ({ kind: "save", path, as: path }));
}

/** Reads a declarative Jenkinsfile: the commands in `sh '…'`, and where they run. */
export function jenkinsPipeline(text: string): Pipeline {
  const lines = text.split("\n").map((line) => line.trim());
  const env = Object.fromEntries(
    lines.map((line) => /^([A-Z_]+) = '(.*?)'/.exec(line)).filter((found) => found !== null)
      .map(([, name, value]) => [name!, value!]),
  );
  const second = lines.indexOf("stage('Report') {");
  const shards = lines.find((line) => line.startsWith("values "))!.matchAll(/'(.*?)'/g)
    .map(([, value]) => jenkinsJob(lines.slice(0, second), { ...env, SHARD: value! }));
  return { shards: [...shards], report: jenkinsJob(lines.slice(second), env) };
}

function jenkinsJob(lines: readonly string[], env: Readonly<Record<string, string>>): Job {
  const steps: Step[] = [];
  let folder = ".";
  for (const line of lines) {
    const value = /['"](.*?)['"](?: *\)? *\{)?(?:,.*)?$/.exec(line)?.[1]
      ?.replace("${SHARD}", env.SHARD ?? "") ?? "";
    if (line.startsWith("sh ")) {
      steps.push({ kind: "run", command: /^sh '(.*)'$/.exec(line)![1]!, folder });
    } else if (line.startsWith("dir(")) folder = value.replace("')", "");
    else if (line === "}") folder = ".";
    else if (line.startsWith("stash ")) steps.push({ kind: "save", path: "shards", as: value });
    else if (line.startsWith("unstash ")) {
      steps.push({ kind: "restore", from: value, to: "shards" });
    } else if (line.startsWith("archiveArtifacts ")) {
      steps.push({ kind: "save", path: "report", as: "report" });
    }
  }
  return { checkout: true, env, steps };
}
