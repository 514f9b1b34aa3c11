import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { html } from "./html.ts";
import { SCRIPT } from "./html_script.ts";
import { HOSTILE_MIXED_RUN, MIXED_RUN } from "./testdata/mixed_run.ts";
import { caseResult, failure, RUN } from "./testdata/sample_run.ts";

const TAGS = new Set(
  ("html head meta title style body a header p h1 h2 h3 span code ul li b i main nav section table thead tbody tr th td " +
    "h4 details summary div dl dt dd small em ol pre strong mark footer svg path text").split(" "),
);

const ATTRIBUTES = new Set(
  ("lang charset http-equiv name content class href id title scope role tabindex data-meaning viewBox d x y " +
    "aria-label aria-labelledby aria-hidden").split(" "),
);

/** Every tag of a page with its attributes; text is escaped, so no other `<` can stand there. */
function tags(page: string): { name: string; attributes: string }[] {
  const own = page.replace(/<style>.*<\/style>/s, "").replace(`<script>${SCRIPT}</script>`, "");
  return [...own.matchAll(/<([^>]*)>?/g)]
    .map(([, inside]) => inside!)
    .filter((inside) => !inside.startsWith("/") && inside !== "!DOCTYPE html")
    .map((inside) => {
      const [, name, attributes] = inside.match(/^(\S+)\s*(.*)$/s)!;
      return { name: name!, attributes: attributes! };
    });
}

Deno.test("html() needs nothing from elsewhere", () => {
  const page = html(RUN);
  assertEquals(page.match(/https?:|src=|url\(|@import|<link|fetch\(/), null);
  assertEquals(page.split("<script").length, 2);
});

Deno.test("html() forbids all but its own style and script", async () => {
  const [, policy] = html(RUN).match(/Security-Policy" content="([^"]*)"/)!;
  assertEquals(policy!.split("; "), [
    "default-src 'none'",
    `style-src '${await hashOf("style")}'`,
    `script-src '${await hashOf("script")}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

/** Hash of what really stands between the tags. */
async function hashOf(tag: string): Promise<string> {
  const [, text] = html(RUN).match(new RegExp(`<${tag}>(.*)</${tag}>`, "s"))!;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(digest).toBase64()}`;
}

Deno.test("html() gives its script nothing of the run", () => {
  assertStringIncludes(html(HOSTILE_MIXED_RUN), `<script>${SCRIPT}</script>\n</body>`);
});

Deno.test("html() escapes everything that comes from outside", () => {
  const page = html(HOSTILE_MIXED_RUN);
  assert(page.isWellFormed());
  // deno-lint-ignore no-control-regex
  assertEquals(page.replace(SCRIPT, "").match(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/), null);
  for (const { name, attributes } of tags(page)) {
    assert(TAGS.has(name), `Unexpected tag ${name}`);
    const rest = attributes.replaceAll(/([a-zA-Z-]+)="([^"<>]*)"/g, (_, key, value) => {
      assert(ATTRIBUTES.has(key), `Unexpected attribute ${key} of ${name}`);
      assert(key !== "href" || value.startsWith("#"), `A link leads to ${value}`);
      return "";
    });
    assert(["", "open", "/"].includes(rest.trim()), `In ${name}: ${rest}`);
  }
});

Deno.test("html() leads from the overview to every case", () => {
  const page = html(RUN);
  const ids = new Set([...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
  const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  for (const id of links) assert(ids.has(id), `No element has the id ${id}`);
  for (const { id } of RUN.results) {
    assertStringIncludes(page, `id="${id}"`);
    assert(links.includes(id), `No link leads to ${id}`);
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
  assertEquals(row!.includes("<mark>"), false, "no field is to blame");
  assertStringIncludes(row!, "deno task conformance --timeout 2000 dma-map/same-range-twice --");
});

Deno.test("html() says at once what the run is worth", () => {
  assertStringIncludes(html(RUN), 'is <span class="m f">not conformant</span>');
  const good = { ...RUN, results: [caseResult("a/b")] };
  assertStringIncludes(html(good), 'is <span class="m p">conformant</span>');
  assertStringIncludes(html({ ...good, complete: false }), "The run was cut off");
  assertStringIncludes(html({ ...RUN, results: [] }), "not judged");
});

const MIXED = html(MIXED_RUN);

/** The row of a case. */
function rowOf(id: string): string {
  return MIXED.split('<li><details class="k ').find((row) => row.includes(` id="${id}"`))!;
}

Deno.test("html() marks the bytes that are wrong, and the fields that they belong to", () => {
  const row = rowOf("dma-map/known");
  assertStringIncludes(row, "<td>header.flags</td><td><mark>0x1 reply</mark> <strong>wrong");
  assertStringIncludes(row, "10 00 00 00  <mark>01 00 00 00</mark> 00 00 00 00");
  assertEquals(row.split("<mark>").length, 3);
});

Deno.test("html() shows both ways of a case that does not always fail", () => {
  const row = rowOf("dma-map/flaky");
  assertStringIncludes(row, "flaky: passed 2 of 5");
  assertEquals(row.split('<ol class="tr">').length, 3);
  assertStringIncludes(row, "vfu: out of luck");
  assertStringIncludes(row, "vfu: all is well");
});

Deno.test("html() says what was expected to fail, and why", () => {
  const known = rowOf("dma-map/known");
  assertStringIncludes(known, "expected failure");
  assertStringIncludes(known, "<dt>Known failure</dt><dd>Not before release 3");
  assertStringIncludes(rowOf("dma-map/better"), "<dt>Should fail</dt><dd>It was bad");
  assertStringIncludes(MIXED, "<li><code>dma-mapp/*</code></li>");
});

Deno.test("html() says how the run was made, and why it ended", () => {
  for (const text of ["<dd>3</dd>", "<dd>2/4</dd>", "<dd>4711</dd>"]) {
    assertStringIncludes(MIXED, text);
  }
  assertStringIncludes(MIXED, "The run was cut off after 60 s, as --max-time asks");
});

Deno.test("html() counts reply times by command", () => {
  assertStringIncludes(
    html({ ...RUN, results: [caseResult("a/b"), caseResult("a/c")] }),
    '<tr><td>DMA_MAP</td><td class="r">2</td><td class="r">130 µs</td><td class="r">130 µs</td>',
  );
  assertStringIncludes(html({ ...RUN, results: [] }), "No reply was timed");
});

for (const verdict of ["pass", "fail"] as const) {
  Deno.test(`html() of 1,000 cases stays under 5 MB when all ${verdict}`, () => {
    const change = { verdict, log: "a line\n".repeat(50), failure: failure("mismatch", "a reply") };
    const results = Array.from({ length: 1000 }, (_, i) => caseResult(`s${i % 20}/c${i}`, change));
    const page = html({ ...RUN, results });
    assert(page.length < 5_000_000, `${page.length} bytes`);
  });
}

Deno.test("html() says what was odd about the server", () => {
  const remark = "leaves <b>processes</b> behind when it ends";
  const page = html({ ...RUN, remarks: [remark] });
  assertStringIncludes(page, "It leaves &lt;b&gt;processes&lt;/b&gt; behind when it ends.");
});
