import { STYLE } from "./html_style.ts";
import { Markup, markup, NOTHING } from "./markup.ts";
import { oneLine } from "./text.ts";

/** A page that needs nothing else, in the look of the report: no request, no script. */
export function page(title: string, body: Markup): string {
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${oneLine(title)}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** What a reader has to know before the tables. */
export function remarksBox(remarks: readonly string[]): Markup {
  if (remarks.length === 0) return NOTHING;
  const lines = remarks.map((remark, i) =>
    markup`${i === 0 ? NOTHING : markup`<br>`}${oneLine(remark, 2000)}`
  );
  return markup`<p class="alarm">${lines}</p>
`;
}
