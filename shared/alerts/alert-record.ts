/**
 * What is remembered of one alert at one receiver: which scans it is about, whether they still give reason for it, and
 * what the receiver was last told.
 *
 * An alert of one scan and one of a whole namespace are the same: the one has a single member.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../conditions/canonical.ts';
import type { ScanRef } from '../conditions/facts.ts';
import type { MessageRef, NamedVulnerability } from './alert.ts';
import type { Member } from './member.ts';
import type { Standing } from './scan-record.ts';
import type { RecordKey } from './state.ts';
import { shortHash } from './told-condition.ts';

/** What people are told of the scan that gave reason last; at the end, of the one that ended last. */
export interface Details {
  readonly scan: ScanRef;
  readonly run: { readonly uid: string; readonly age: string };
  readonly to: string;
  readonly from?: string;
  readonly at: string;
  readonly reason?: string;
  readonly error?: string;
  readonly artifact?: string;
  readonly vulnerabilities: readonly NamedVulnerability[];
  readonly count: number;
}

/** What the receiver took last. */
export interface Told {
  readonly status: 'firing' | 'resolved';
  readonly occasion: string;
  readonly ref: MessageRef;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface AlertRecord {
  readonly cluster: string;
  readonly receiver: string;
  /** @see Alert.key */
  readonly key: string;
  readonly condition: string;
  /** Of a group: the namespace whose scans it is about. */
  readonly namespace?: string;
  /** The rule by which it fires, or fired last. */
  readonly rule: string;
  readonly members: Readonly<Record<string, Member>>;
  readonly details: Details;
  readonly told?: Told;
  /** Milliseconds since 1970, of the last hour: when the receiver was told, and when the alert began or ended. */
  readonly sent: readonly number[];
  readonly turns: readonly number[];
  /** Since when (milliseconds) it gives reason to tell of it. */
  readonly firingSince?: number;
  /** Until when (milliseconds) somebody is telling the receiver. */
  readonly sending?: number;
  /** How often in a row it could not be told; why, and when (milliseconds) to try again. */
  readonly failures: number;
  readonly retry?: { readonly at: number; readonly why: string };
  /** What the receiver will not take, until when (milliseconds) it is not asked again, and why. */
  readonly refused?: { readonly occasion: string; readonly until: number; readonly why: string };
}

const digest = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/** The identity of an alert about one scan, and of one about the scans of a namespace. */
export const scanKey = (cluster: string, { uid }: ScanRef, condition: string): string =>
  digest({ cluster, uid, condition });
export const groupKey = (cluster: string, rule: string, namespace: string, condition: string): string =>
  digest({ cluster, rule, namespace, condition });

export const recordKey = (key: string, receiver: string): RecordKey => `alert-${digest({ key, receiver })}`;

/** A uid may be a word that every object knows. */
export const memberOf = (record: AlertRecord | undefined, { uid }: ScanRef): Member | undefined =>
  record !== undefined && Object.hasOwn(record.members, uid) ? record.members[uid] : undefined;

export const firingMembers = ({ members }: AlertRecord): readonly Member[] =>
  Object.values(members)
    .filter(({ firing }) => firing)
    .toSorted((a, b) => (a.since < b.since || (a.since === b.since && a.scan.uid < b.scan.uid) ? -1 : 1));

/** When (milliseconds since 1970) the newest was heard of it: by what happened, or when it was told to us. */
export const heardAt = ({ details, turns }: AlertRecord): number => Math.max(Date.parse(details.at), turns.at(-1) ?? 0);

/** What is to be told: whether there is reason for the alert, and on which occasion. */
export const stateOf = (record: AlertRecord): Pick<Told, 'status' | 'occasion'> => {
  const firing = firingMembers(record);
  if (firing.length === 0) return { status: 'resolved', occasion: '' };
  const parts = firing.map(({ scan: { uid }, occasion }) => `${uid} ${occasion}`);
  return { status: 'firing', occasion: shortHash(parts.toSorted().join('\n')) };
};

/** What people are told of a standing; of vulnerabilities that nobody knew before alone, where the rule says so. */
export const detailsOf = (scan: ScanRef, { run, told, from, fresh }: Standing, onlyNew: boolean): Details => {
  const { to, at, reason, error, artifact, worst = [], count = 0 } = told;
  const isTold = ({ id }: NamedVulnerability): boolean => !onlyNew || fresh === undefined || fresh.has(shortHash(id));
  return {
    scan,
    run,
    to,
    at,
    ...(from !== undefined && { from }),
    ...(reason !== undefined && { reason }),
    ...(error !== undefined && { error }),
    ...(artifact !== undefined && { artifact }),
    vulnerabilities: worst.filter(isTold),
    count: onlyNew && fresh !== undefined ? fresh.size : count,
  };
};
