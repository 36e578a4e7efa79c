/** A page that shows what people would be told, receiver by receiver: one file, without scripts, that asks nobody. */
import { lookOf } from './alert-looks.ts';
import type { Previewed } from './alert-preview.ts';
import { KINDS } from './alert-text.ts';
import { type Html, html } from './html.ts';

const STYLE: Html = {
  html: `
:root { font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; color: #1d1c1d; background: #f4f4f6 }
body { max-width: 760px; margin: 0 auto; padding: 16px }
h1 { font-size: 20px; margin: 0 0 12px }
h2 { font-size: 13px; font-weight: 600; margin: 18px 0 6px; color: #555 }
h2 span { font-weight: 400 }
h3 { font-size: 17px; margin: 2px 0 8px; overflow-wrap: anywhere }
article > div { background: #fff; border: 1px solid #ddd; border-radius: 8px; padding: 12px 14px; overflow-wrap: anywhere }
pre, code, .mono { font: 12.5px/1.45 "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 6px 0; padding: 7px 9px; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px }
code { padding: 1px 4px; background: #f6f2f0; border: 1px solid #e3dcd8; border-radius: 3px; color: #b3273c }
details { font-size: 12px; color: #666; margin-top: 4px }
table { border-collapse: collapse; width: 100% }
th { text-align: left; vertical-align: top; width: 126px; color: #555; font-weight: 600; padding: 3px 8px 3px 0 }
td { padding: 3px 0 }
td pre { margin: 0; padding: 3px 6px }
.chat { display: flex; gap: 10px }
.avatar { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #2b5797; color: #fff; font: 700 20px/36px sans-serif; text-align: center }
.said { min-width: 0; flex: 1 }
.app { font-size: 10px; background: #e8e8e8; border-radius: 2px; padding: 1px 3px; color: #555 }
.when { font-size: 12px; color: #777 }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin-bottom: 8px }
.section { margin: 6px 0 }
.card { border: 1px solid #d8d8d8; border-radius: 6px; padding: 10px 12px; margin-top: 6px; box-shadow: 0 1px 2px #0001 }
.card .block { margin: 3px 0 } .bold { font-weight: 700 } .large { font-size: 18px }
.incident { border-left: 4px solid #c0392b; padding-left: 10px } .incident.resolved { border-color: #2e8b57 }
.state { font-weight: 700; color: #c0392b } .resolved .state { color: #2e8b57 }
.severity { font-size: 12px; border-radius: 9px; padding: 1px 8px; color: #fff; background: #777 }
.severity.critical { background: #a01818 } .severity.error { background: #c0392b } .severity.warning { background: #b8860b }
.labels { margin-bottom: 6px } .label { display: inline-block; margin: 0 4px 4px 0; padding: 1px 7px; border: 1px solid #c5c5c5; border-radius: 4px; background: #f3f3f3; font: 12.5px/1.5 "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
`,
};

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

const asPeopleReadIt = (instant: number): string => new Date(instant).toISOString().slice(0, 19).replace('T', ' ');

const article = ({ receiver, kind, at, request }: Previewed): Html => html`
<article>
<h2>${receiver} <span>· ${KINDS[kind]} · ${asPeopleReadIt(at)} UTC</span></h2>
${lookOf(kind, request.body, asPeopleReadIt(at).slice(11, 16))}
<details><summary>POST ${request.url}</summary><pre>${JSON.stringify(request.body, undefined, 2)}</pre></details>
</article>`;

export const pageOf = (messages: readonly Previewed[]): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>What would be told</title>
<style>${STYLE}</style>
</head>
<body>
<h1>What would be told: ${messages.length} ${messages.length === 1 ? 'message' : 'messages'}</h1>
${messages.map(article)}
</body>
</html>
`.html;
