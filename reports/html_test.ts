import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { html } from "./html.ts";
import { HOSTILE_RUN } from "./testdata/hostile_run.ts";
import { caseResult, failure, RUN } from "./testdata/sample_run.ts";

const TAGS = new Set(
  ("html head meta title style body a header p h1 h2 h3 span code ul li b i main nav section table thead tbody tr th td " +
    "details summary div dl dt dd small ol pre strong footer").split(" "),
);

const ATTRIBUTES = new Set(
  ("lang charset http-equiv name content class href id title scope aria-label aria-labelledby aria-hidden")
    .split(" "),
);

/** Every tag of a page with its attributes; text is escaped, so no other `<` can stand there. */
function tags(page: string): { name: string; attributes: string }[] {
  return [...page.replace(/<style>.*<\/style>/s, "").matchAll(/<([^>]*)>?/g)]
    .map(([, inside]) => inside!)
    .filter((inside) => !inside.startsWith("/") && inside !== "!DOCTYPE html")
    .map((inside) => {
      const [, name, attributes] = inside.match(/^(\S+)\s*(.*)$/s)!;
      return { name: name!, attributes: attributes! };
    });
}

Deno.test("html() needs nothing from elsewhere", () => {
  const page = html(RUN);
  assertEquals(page.match(/https?:|src=|url\(|@import|<script|<link/), null);
  assertStringIncludes(page, "default-src 'none'; style-src 'unsafe-inline'");
});

Deno.test("html() escapes everything that comes from outside", () => {
  const page = html(HOSTILE_RUN);
  assert(page.isWellFormed());
  // deno-lint-ignore no-control-regex
  assertEquals(page.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/), null);
  for (const { name, attributes } of tags(page)) {
    assert(TAGS.has(name), `Unexpected tag ${name}`);
    const rest = attributes.replaceAll(/([a-z-]+)="([^"<>]*)"/g, (_, key, value) => {
      assert(ATTRIBUTES.has(key), `Unexpected attribute ${key} of ${name}`);
      assert(key !== "href" || value.startsWith("#"), `A link leads to ${value}`);
      return "";
    });
    assert(["", "open"].includes(rest.trim()), `In ${name}: ${rest}`);
  }
});

Deno.test("html() leads from the overview to every case", () => {
  const page = html(RUN);
  const ids = new Set([...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
  const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  for (const id of links) assert(ids.has(id), `No element has the id ${id}`);
  for (const { id } of RUN.results) {
    assertStringIncludes(page, `id="${id}"`);
    assert(links.includes(`${id}:open`), `No link leads to ${id}`);
  }
});

Deno.test("html() opens failures and marks the entry that shows them", () => {
  const page = html(RUN);
  const rows = page.split('<li><details class="k ').slice(1);
  assertEquals(
    rows.filter((row) => /^[^>]* open>/.test(row)).map((row) => row[0]),
    ["f", "f", "e"],
  );
  const [row] = rows.filter((row) => row.startsWith("f"));
  assertStringIncludes(row!, "a reply of 16 bytes without error");
  assertStringIncludes(row!, '<li class="y bad"><details open>');
  assertStringIncludes(row!, '<td class="r">40</td><td class="r">8</td><td>size</td>');
  assertStringIncludes(row!, "deno task conformance --timeout 2000 dma-map/same-range-twice --");
});

Deno.test("html() says at once what the run is worth", () => {
  assertStringIncludes(html(RUN), 'is <span class="m f">not conformant</span>');
  const good = { ...RUN, results: [caseResult("a/b")] };
  assertStringIncludes(html(good), 'is <span class="m p">conformant</span>');
  assertStringIncludes(html({ ...good, complete: false }), "The run was cut off");
  assertStringIncludes(html({ ...RUN, results: [] }), "not judged");
});

for (const verdict of ["pass", "fail"] as const) {
  Deno.test(`html() of 1,000 cases stays under 5 MB when all ${verdict}`, () => {
    const change = { verdict, log: "a line\n".repeat(50), failure: failure("mismatch", "a reply") };
    const results = Array.from({ length: 1000 }, (_, i) => caseResult(`s${i % 20}/c${i}`, change));
    const page = html({ ...RUN, results });
    assert(page.length < 5_000_000, `${page.length} bytes`);
  });
}
