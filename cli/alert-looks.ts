/** A message as it looks at its receiver, about: from the very request that would be sent, and nothing else. */
import type { ReceiverKind } from '../shared/alerts/receivers-config.ts';
import { isJsonObject, type JsonObject } from '../shared/conditions/status.ts';
import { type Html, html, type Shown } from './html.ts';

/** Of a request's body, what people see of it, and when. */
type Look = (body: unknown, at: string) => Html;

const objectIn = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});
const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.map(objectIn) : []);
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

const lines = (text: string): readonly Shown[] =>
  text.split('\n').map((line, at) => (at === 0 ? line : html`<br>${line}`));

/** What Slack and its like read as markup, of that which our messages hold. */
const MARKS = /\n?```\n?(?<block>[\s\S]*?)\n?```\n?|`(?<code>[^`\n]*)`|\*(?<bold>[^*\n]+)\*|(?<line>\n)/g;

const UNESCAPED: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };
const unescaped = (text: string): string => text.replaceAll(/&(?:lt|gt|amp);/g, (entity) => UNESCAPED[entity] ?? '');

type Decode = (text: string) => string;
const asItIs: Decode = (text) => text;

const mark = ({ block, code, bold }: Readonly<Record<string, string | undefined>>, decode: Decode): Html => {
  if (block !== undefined) return html`<pre>${decode(block)}</pre>`;
  if (code !== undefined) return html`<code>${decode(code)}</code>`;
  return bold === undefined ? html`<br>` : html`<b>${decode(bold)}</b>`;
};

/** Marks are found before what is escaped is read, so that no text becomes one. */
const marked = (text: string, decode = asItIs): readonly Shown[] => {
  const shown: Shown[] = [];
  let end = 0;
  for (const match of text.matchAll(MARKS)) {
    shown.push(decode(text.slice(end, match.index)), mark(match.groups ?? {}, decode));
    end = match.index + match[0].length;
  }
  return [...shown, decode(text.slice(end))];
};

const slackText = (value: unknown): readonly Shown[] => {
  const { type, text } = objectIn(value);
  return type === 'mrkdwn' ? marked(textIn(text), unescaped) : lines(unescaped(textIn(text)));
};

const slackBlock = (block: JsonObject): Html => {
  if (block.type === 'header') return html`<h3>${slackText(block.text)}</h3>`;
  const fields = objectsIn(block.fields).map((field) => html`<div>${slackText(field)}</div>`);
  if (fields.length > 0) return html`<div class="fields">${fields}</div>`;
  return html`<div class="section">${slackText(block.text)}</div>`;
};

const chatMessage = (at: string, content: Shown, note = ''): Html => html`
<div class="chat"><div class="avatar">S</div><div class="said">
<div class="who"><b>Scan Status</b> <span class="app">APP</span> <span class="when">${at} ${note}</span></div>
${content}</div></div>`;

const slack: Look = (body, at) => {
  const { blocks, ts } = objectIn(body);
  return chatMessage(at, objectsIn(blocks).map(slackBlock), ts === undefined ? '' : '(edited)');
};

const teamsBlock = ({ inlines }: JsonObject): Html => {
  const runs = objectsIn(inlines).map(({ text, weight, size, fontType }) => {
    const style = `${weight === 'Bolder' ? 'bold ' : ''}${size === 'Large' ? 'large ' : ''}${fontType === 'Monospace' ? 'mono' : ''}`;
    return html`<span class="${style}">${lines(textIn(text))}</span>`;
  });
  return html`<div class="block">${runs}</div>`;
};

const teams: Look = (body, at) => {
  const [attachment] = objectsIn(objectIn(body).attachments);
  const blocks = objectsIn(objectIn(attachment?.content).body).map(teamsBlock);
  return html`<div class="who"><b>Workflows</b> <span class="when">${at}</span></div><div class="card">${blocks}</div>`;
};

const row = (label: string, value: Shown): Html => html`<tr><th>${label}</th><td>${value}</td></tr>`;

const detail = (value: unknown): Shown => {
  if (!Array.isArray(value)) return lines(String(value));
  return value.length === 0 ? '–' : html`<pre>${value.map(String).join('\n')}</pre>`;
};

const pagerDuty: Look = (body, at) => {
  const { dedup_key: whole, event_action: action, payload } = objectIn(body);
  const key = textIn(whole).slice(0, 12);
  if (action === 'resolve')
    return html`<div class="incident resolved"><span class="state">Resolved</span> the incident with the key <code>${key}…</code>
<span class="when">${at}</span></div>`;
  const { summary, severity, source, component, custom_details: details } = objectIn(payload);
  const shown = Object.entries(objectIn(details)).map(([label, value]) => row(label, detail(value)));
  return html`<div class="incident"><span class="state">Triggered</span>
<span class="severity ${textIn(severity)}">${textIn(severity)}</span> <span class="when">${at} · key ${key}…</span>
<h3>${textIn(summary)}</h3><table>${row('source', textIn(source))}${row('component', textIn(component))}${shown}</table></div>`;
};

const alertmanagerAlert = ({ labels, annotations, startsAt, endsAt }: JsonObject): Html => {
  const pairs = Object.entries(objectIn(labels));
  const notes = Object.entries(objectIn(annotations)).map(([name, value]) =>
    row(name, html`<pre>${textIn(value)}</pre>`),
  );
  return html`<div class="labels">${pairs.map(([name, value]) => html`<span class="label">${name}="${textIn(value)}"</span>`)}</div>
<table>${row('starts', textIn(startsAt))}${row('ends', textIn(endsAt))}${notes}</table>`;
};

const alertmanager: Look = (body) => html`${objectsIn(body).map(alertmanagerAlert)}`;

const chatApplication: Look = (body, at) => {
  const { content } = objectIn(objectIn(body).Message);
  const { title, description } = objectIn(content);
  return chatMessage(at, [
    html`<h3>${textIn(title)}</h3>`,
    html`<div class="section">${marked(textIn(description))}</div>`,
  ]);
};

const plain: Look = (body) => html`<pre>${JSON.stringify(body, undefined, 2)}</pre>`;

const LOOKS: Readonly<Record<ReceiverKind, Look>> = {
  slack,
  slackWebhook: slack,
  teams,
  pagerDuty,
  alertmanager,
  webhook: plain,
  sns: chatApplication,
};

/** @param at when it would be sent, as people read it */
export const lookOf = (kind: ReceiverKind, body: unknown, at: string): Html =>
  html`<div class="${kind}">${LOOKS[kind](body, at)}</div>`;
