/** The metrics that an expression of PromQL asks for. */

/** What stands in an expression without being a metric: texts, selectors, lists of labels, durations. */
const NOT_METRICS = [
  /"(?:[^"\\]|\\.)*"|'[^']*'/g,
  /\{[^{}]*\}/g,
  /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)/g,
  /\[[^[\]]*\]/g,
  /\boffset\s+\w+/g,
];

const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'group_left', 'group_right', 'inf', 'nan']);

/** Names, each once, in the order of the expression. What a parenthesis follows is a function. */
export const metricsIn = (expression: string): readonly string[] => {
  const bare = NOT_METRICS.reduce((text, pattern) => text.replaceAll(pattern, ' '), expression);
  // With an aggregation's labels gone, its parenthesis follows it as that of any function does.
  // Neither is a metric what goes on from a digit: `1e3`, `0x1f`.
  const names = [...bare.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*\b(?!\s*\()/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !KEYWORDS.has(name.toLowerCase()));
};
