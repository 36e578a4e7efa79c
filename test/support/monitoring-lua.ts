/** Runs Argo CD's health scripts as Argo CD does: over `obj`, with the libraries that it opens and no other. */
import { execFileSync } from 'node:child_process';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';

export interface Health {
  readonly status: string;
  readonly message: string;
}

/** As decimal escapes, so that no text can end the literal. */
const luaText = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

const luaValue = (value: unknown): string => {
  if (typeof value === 'string') return luaText(value);
  if (Array.isArray(value)) return `{${value.map(luaValue).join(',')}}`;
  if (!isJsonObject(value)) return String(value ?? 'nil');
  const members = Object.entries(value).map(([name, member]) => `[${luaText(name)}]=${luaValue(member)}`);
  return `{${members.join(',')}}`;
};

/**
 * Argo CD's Lua is of version 5.1 and opens the basic functions and `table`, so that a text has no methods.
 *
 * @see https://github.com/argoproj/argo-cd/blob/master/util/lua/lua.go (runLua)
 */
const PROGRAM = `
local write, format = io.write, string.format
getmetatable("").__index = nil
for _, object in ipairs(objects) do
  local opened = { ipairs = ipairs, pairs = pairs, type = type, tostring = tostring, table = table, obj = object }
  local health = setfenv(assert(loadstring(script, "health")), opened)()
  write(health.status, "\\0", health.message, "\\0")
end
`;

/** What a script says of each object. Lua's own words are the error where it cannot. */
export const healthOf = (lua: string, script: string, objects: readonly JsonObject[]): readonly Health[] => {
  const input = `local script, objects = ${luaText(script)}, ${luaValue(objects)}\n${PROGRAM}`;
  const told = execFileSync(lua, ['-'], { input, encoding: 'utf8', maxBuffer: 2 ** 28 }).split('\0');
  return objects.map((_, at) => ({ status: String(told[2 * at]), message: String(told[2 * at + 1]) }));
};
