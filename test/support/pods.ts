/** The pods that manifests describe, whichever kind holds them. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import { at } from './fields.ts';
import { type Manifest, nameOf } from './manifests.ts';

interface Container extends JsonObject {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface Pod {
  readonly name: string;
  readonly spec: JsonObject;
  readonly container: Container;
}

/** The pod of each manifest that has one. Each has one container. */
export const podsOf = (manifests: readonly Manifest[]): readonly Pod[] =>
  manifests.flatMap((manifest) => {
    const spec = at(manifest, 'spec', 'template', 'spec');
    if (spec === undefined) return [];
    const [container] = at(spec, 'containers') as readonly Container[];
    return [{ name: nameOf(manifest), spec: spec as JsonObject, container: container as Container }];
  });
