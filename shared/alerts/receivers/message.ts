/**
 * What a person shall see of an alert, wherever: in the order in which it matters, cleaned, each part bounded, and with no
 * address in it that whoever shows it would make a link.
 */
import type { Alert, NamedVulnerability } from '../alert.ts';
import { oneLine, shorten, unlinked, visible } from './texts.ts';

/** UTF-16 units of each part; together less than every receiver takes. */
const LONGEST = { title: 256, text: 1_500, name: 300, artifact: 500, command: 600, id: 64, detail: 100, reason: 100 };
const MOST_VULNERABILITIES = 10;
const MOST_NAMES = 5;

export interface Message {
  /** Never empty. */
  readonly heading: string;
  /** A label, which is ours, and its value, which is data and never empty. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** A few lines more; may be empty. */
  readonly text: string;
  /** A line for each. */
  readonly vulnerabilities: readonly string[];
  /** How many there are beyond those. */
  readonly more: number;
  readonly command: string;
}

const short = (text: string, part: keyof typeof LONGEST): string => shorten(unlinked(oneLine(text)), LONGEST[part]);

const vulnerabilityLine = ({ id, severity, component, fixedIn }: NamedVulnerability): string => {
  const where = component === undefined ? '' : ` in ${short(component, 'detail')}`;
  const fix = fixedIn === undefined ? 'no fix known' : `fixed in ${short(fixedIn, 'detail')}`;
  return `${short(id, 'id')} ${short(severity, 'id')}${where}, ${fix}`;
};

/** Which scan, or which scans of a group. */
const subjectOf = ({ status, scan, group }: Alert): string => {
  if (group === undefined) return short(`${scan.kind} ${scan.namespace}/${scan.name}`, 'name');
  if (status === 'resolved') return short(`none of ${group.namespace}, ${scan.name} was the last`, 'name');
  const names = group.names.slice(0, MOST_NAMES).map((name) => short(name, 'detail'));
  const left = group.scans - names.length;
  const more = left > 0 ? ` … and ${left} more` : '';
  const scans = group.scans === 1 ? '1 scan' : `${group.scans} scans`;
  return shorten(`${scans} of ${short(group.namespace, 'detail')}: ${names.join(', ')}${more}`, 1_000);
};

/** What to, and why. */
const changeOf = ({ condition, to, reason }: Alert): string =>
  short(`${condition} is ${to}${reason === undefined ? '' : ` (${reason})`}`, 'reason');

/** What people see first, and sometimes alone: it names the scan, or the namespace of a group, whatever the title says. */
export const headingOf = ({ status, severity, title, scan, group }: Alert): string => {
  const heading = short(`[${(status === 'resolved' ? status : severity).toUpperCase()}] ${title}`, 'title');
  // Names are made of these (RFC 1123), so a name in a word is none.
  if (title.split(/[^a-z0-9.-]+/i).includes(group?.namespace ?? scan.name)) return heading;
  const subject = group === undefined ? `${scan.kind} ${scan.namespace}/${scan.name}` : `scans of ${group.namespace}`;
  return `${heading}: ${short(subject, 'name')}`;
};

const factsOf = (alert: Alert): Message['facts'] => {
  const { group, artifact, cluster, status, since, at } = alert;
  const facts: Message['facts'] = [
    [group === undefined ? 'Scan' : 'Scans', subjectOf(alert)],
    ...(artifact === undefined ? [] : ([['Artifact', short(artifact, 'artifact')]] as const)),
    ['Changed', changeOf(alert)],
    ['Cluster', short(cluster, 'detail')],
    status === 'resolved' ? ['Resolved', `${at} (since ${since})`] : ['Since', since],
  ];
  // What is empty is shown to be: receivers refuse an empty text.
  return facts.map(([label, value]) => [label, value || '–']);
};

/** A resolved alert names no vulnerabilities: what it closes told them. */
export const messageOf = (alert: Alert): Message => {
  const { status, text, vulnerabilities, more, command } = alert;
  const isFiring = status === 'firing';
  const shown = isFiring ? vulnerabilities.slice(0, MOST_VULNERABILITIES) : [];
  return {
    heading: headingOf(alert),
    facts: factsOf(alert),
    text: shorten(unlinked(visible(text)), LONGEST.text),
    vulnerabilities: shown.map(vulnerabilityLine),
    more: isFiring ? more + vulnerabilities.length - shown.length : 0,
    command: short(command, 'command'),
  };
};
