/** What one moment of a long run showed. */
export interface Sample {
  readonly descriptors: number;
  /** Of files and shared memory; the rest is the runtime's, and comes and goes. */
  readonly mappings: number;
  /** What the program itself holds, in MiB. */
  readonly heap: number;
  /** Resident memory in MiB. */
  readonly resident: number;
  /** What one unit of the work took, in the unit that the label names. */
  readonly time: number;
}

/** The compiler is at work, and memory pools fill, in this part of a run: it is left out. */
const WARM_UP = 0.2;

/** How much more the last quarter may show than the first: descriptors and mappings none, the rest what a runtime varies by itself. */
const ALLOWED: Readonly<Record<keyof Sample, (first: number) => number>> = {
  descriptors: (first) => first,
  mappings: (first) => first,
  heap: (first) => first * 1.1 + 1,
  resident: (first) => first * 1.25 + 16,
  time: (first) => first * 1.5,
};

/** One line of the table. */
export interface Level {
  readonly name: keyof Sample;
  readonly first: number;
  readonly last: number;
  readonly isLevel: boolean;
}

/** Compares the medians of the first and last quarter, once the run is warm. */
export function levels(samples: readonly Sample[]): Level[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  const names = Object.keys(ALLOWED) as (keyof Sample)[];
  return names.map((name) => {
    const first = median(warm.slice(0, quarter).map((sample) => sample[name]));
    const last = median(warm.slice(-quarter).map((sample) => sample[name]));
    return { name, first, last, isLevel: last <= ALLOWED[name](first) };
  });
}

/** The table for people. */
export function levelTable(title: string, timeUnit: string, found: readonly Level[]): string {
  const labels = {
    descriptors: "descriptors",
    mappings: "mappings",
    heap: "heap, MiB",
    resident: "memory, MiB",
    time: `time, ${timeUnit}`,
  };
  const rows = found.map(({ name, first, last, isLevel }) =>
    [labels[name], number(first), number(last), isLevel ? "level" : "GROWS"] as const
  );
  const head = ["", "first quarter", "last quarter", ""] as const;
  const lines = [head, ...rows].map(([label, first, last, verdict]) =>
    `  ${label.padEnd(24)}${first.padStart(14)}${last.padStart(14)}  ${verdict}`.trimEnd()
  );
  return [title, ...lines].join("\n");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
