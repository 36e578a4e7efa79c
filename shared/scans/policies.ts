/** The port to a cluster's ScanPolicies, and to the ConfigMaps that hold what they were compiled to. */
import type { JsonObject } from '../conditions/status.ts';

/** The policy: as Rego, or compiled already. Whatever else somebody wrote there is left out. */
export interface PolicySpec {
  readonly regoFile?: string;
  readonly bundle?: {
    readonly url?: string;
    /** `sha256:` and 64 digits, where the bundle must be that one. */
    readonly digest?: string;
    /** Of the policy's own namespace. */
    readonly configMap?: { readonly name: string; readonly key?: string };
  };
}

export interface ScanPolicy {
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Rises with every change of the spec. */
  readonly generation: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PolicySpec;
  readonly status: JsonObject;
}

export interface Policies {
  /** The policy as it stands; `undefined` where there is none of this name. Throws `Unavailable`. */
  readonly get: (namespace: string, name: string) => Promise<ScanPolicy | undefined>;
  /**
   * Sends a JSON merge patch of the status of a policy that is still as it was read.
   *
   * Throws `Conflict` where it is not, `Rejected` where the server finds it invalid, and `Unavailable`.
   */
  readonly patchStatus: (read: ScanPolicy, patch: JsonObject) => Promise<void>;
}

/** Its members have no prototype: a key may be named like anything. */
export interface ConfigMap {
  readonly metadata: JsonObject;
  readonly data: Readonly<Record<string, string>>;
  /** In base64. */
  readonly binaryData: Readonly<Record<string, string>>;
}

export interface ConfigMaps {
  /** `undefined` where there is none of this name. Throws `Unavailable`. */
  readonly get: (namespace: string, name: string) => Promise<ConfigMap | undefined>;
  /** Creates it unless one of its name exists. Throws `Unavailable`. */
  readonly create: (namespace: string, configMap: JsonObject) => Promise<'created' | 'exists'>;
}

/** Where a bundle stands in the `binaryData` of its ConfigMap, unless the policy's spec says otherwise. */
export const BUNDLE_KEY = 'bundle.tar.gz';
