import { visible } from "./text.ts";

/** Text that is markup already. Only `markup` and constants of this folder make it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: all but markup is escaped. */
export type Insert = string | number | Markup | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // Some readers of JUnit know entities by name only.
  "'": "&apos;",
};

/** HTML or XML with every insert made harmless: good for text and for quoted attributes. */
export function markup(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  let text = parts[0]!;
  inserts.forEach((insert, i) => text += insertText(insert) + parts[i + 1]!);
  return new Markup(text);
}

function insertText(insert: Insert): string {
  if (insert instanceof Markup) return insert.text;
  if (typeof insert === "number") return String(insert);
  if (typeof insert === "string") {
    return visible(insert).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
  }
  return insert.map((part) => part.text).join("");
}

/** No markup at all. */
export const NOTHING = new Markup("");
