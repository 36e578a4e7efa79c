/** CRDs of scans that are not ours: other groups, with other ideas of what a status is. */
import { randomUUID } from 'node:crypto';
import type { ScanRef } from '../../../shared/conditions/facts.ts';
import type { JsonObject } from '../../../shared/conditions/status.ts';
import type { Api } from './api.ts';
import { eventually } from './scans.ts';

const KINDS = ['ImageScan', 'SourceScan'] as const;

const crdOf = (group: string, kind: string, status: JsonObject): JsonObject => {
  const [singular, plural] = [kind.toLowerCase(), `${kind.toLowerCase()}s`];
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const openAPIV3Schema = { type: 'object', properties: { spec: anything, status } };
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        { name: 'v1beta1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema } },
      ],
    },
  };
};

/** The path of the scans of a group. */
export const foreignPath = (group: string, kind: string, namespace: string): string =>
  `/apis/${group}/v1beta1/namespaces/${namespace}/${kind.toLowerCase()}s`;

/** A name for a group that nobody else uses. */
export const newGroup = (): string => `scans-${randomUUID().slice(0, 8)}.example.com`;

/** Installs both kinds of scan in a group, with this schema of their status. */
export const installForeign = async (admin: Api, group: string, status: JsonObject): Promise<void> => {
  for (const kind of KINDS) {
    const crd = crdOf(group, kind, status);
    const { code, message } = await admin.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
    if (code !== 201) throw new Error(message);
    await eventually(async () => (await admin.get(foreignPath(group, kind, 'default'))).code === 200);
  }
};

/** Creates a scan in any group. */
export const createScan = async (
  admin: Api,
  group: string,
  { kind, namespace, name }: Omit<ScanRef, 'uid'>,
  spec: JsonObject = {},
): Promise<ScanRef> => {
  const scan = { apiVersion: `${group}/v1beta1`, kind, metadata: { name }, spec };
  const { code, body, message } = await admin.create(foreignPath(group, kind, namespace), scan);
  if (code !== 201) throw new Error(message);
  const { uid } = body.metadata as { readonly uid: string };
  return { kind, namespace, name, uid };
};
