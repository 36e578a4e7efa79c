/** The rules of a SARIF run: a result names its rule by an index or an ID, of the driver or of one of its extensions. */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { listIn, objectIn, textIn } from './shape.ts';

/** Finds the rule of a result. */
export type RuleOf = (result: JsonObject) => JsonObject | undefined;

interface Rules {
  readonly list: readonly unknown[];
  readonly byId: ReadonlyMap<string, JsonObject>;
}

const rulesOf = (component: unknown): Rules => {
  const list = isJsonObject(component) ? (listIn(component, 'rules') ?? []) : [];
  const byId = new Map<string, JsonObject>();
  for (const rule of list) {
    const id = isJsonObject(rule) ? rule['id'] : undefined;
    if (isJsonObject(rule) && typeof id === 'string' && !byId.has(id)) byId.set(id, rule);
  }
  return { list, byId };
};

/** The ID that a result has for its rule. */
export const ruleIdOf = (result: JsonObject): string | undefined =>
  textIn(result, 'ruleId') ?? textIn(objectIn(result, 'rule') ?? {}, 'id');

const indexOf = (object: JsonObject, key: string): number => {
  const index = object[key];
  return typeof index === 'number' && Number.isInteger(index) && index >= 0 ? index : -1;
};

/**
 * An index whose rule has another ID than the result says is not believed: old versions of Grype wrote 0 into all.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317643 (3.27.5 ruleId, 3.27.6 ruleIndex)
 */
export const rulesIn = (tool: JsonObject): RuleOf => {
  const driver = rulesOf(tool['driver']);
  const extensions = (listIn(tool, 'extensions') ?? []).map(rulesOf);
  return (result) => {
    const reference = objectIn(result, 'rule') ?? {};
    const component = objectIn(reference, 'toolComponent') ?? {};
    const rules = extensions[indexOf(component, 'index')] ?? driver;
    const id = ruleIdOf(result);
    const indexed = rules.list[Math.max(indexOf(result, 'ruleIndex'), indexOf(reference, 'index'))];
    if (isJsonObject(indexed) && (id === undefined || indexed['id'] === id)) return indexed;
    return id === undefined ? undefined : rules.byId.get(id);
  };
};
