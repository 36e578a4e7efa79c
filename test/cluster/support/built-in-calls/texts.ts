/** Calls that make texts of texts. */
import fc from 'fast-check';
import { type Calls, call, count, joined, json, one, orAny, text, texts, together, words } from './operands.ts';

const large = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).filter((value) => !Number.isSafeInteger(Number(value)));
const fraction = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value));
const value = fc.oneof(
  fc.integer(),
  fraction,
  fc.constantFrom(0, 7, 8, 65, 55_296, 128_512, 1_114_111, 1_000_000, 0.5, 2.5, 1e-7, 0.1),
  // Not any character: Node and OPA may know other editions of Unicode.
  joined(['a', 'é', '😀', '"', '\\', '\0', '\n', '\u200b', '\u{e0001}', '\ufffd', '\u{10ffff}'], 5),
  one(['hello', 'a`b', '\u200b', '\t\n', '\u00a0']),
  json,
);
const directive = (verbs: readonly string[]): fc.Arbitrary<string> =>
  together(
    joined(['#', '0', '+', '-', ' '], 2),
    one(words('|||5|12|*|[1]|[2]*|0', '|')),
    one(words('|||.|.0|.2|.10|.*|.[1]*', '|')),
    one(words('|||[1]|[2]|[9]|[x]|[', '|')),
    one(verbs),
  ).map((rest) => `%${rest}`);
const format = (verbs: readonly string[]): fc.Arbitrary<string> =>
  fc.array(fc.oneof(directive(verbs), one(['a', 'é ', '100%'])), { maxLength: 4 }).map((parts) => parts.join(''));
const VERBS = ['', ...words('v d s q x X f F e E g G b c o O U t T z % é')];

export const SPRINTF: readonly Calls[] = [
  call('sprintf', format([...VERBS, 'p', 'w']), fc.array(value, { maxLength: 3 })),
  // Of large numbers, those two verbs show addresses.
  call('sprintf', format(VERBS), fc.array(fc.oneof(value, large), { maxLength: 3 })),
];

export const STRINGS: readonly Calls[] = [
  call('strings.any_prefix_match', texts, texts),
  call('strings.any_suffix_match', texts, texts),
  call('strings.count', text, text),
  call('strings.split_n', text, text, count),
  call('indexof_n', text, text),
  call('glob.quote_meta', fc.string()),
];

const pattern = fc.oneof(
  one(
    words('|a*|(a)(b)?|[aé]+|^a|a$|\\b|(?i)A|(|a{2,1}|\\pL|.|(?s).|\\d+|(?<n>b)|(?=a)|x{1001}|(a*)*|\\z|(?U)a+', '|'),
  ),
  one(['(?P<x>a)|b', '(?:a|ab)(?:c|bcd)?', '|a', '\\Qa.b\\E', '[[:alpha:]]+']),
  joined(words('a b * + ? ( ) | . [ ] ^ $ \\'), 5),
);

export const REGEX: readonly Calls[] = [
  call('regex.find_n', pattern, text, count),
  call('regex.split', pattern, text),
  call('regex.replace', text, pattern, joined(words('$ { } 1 2 x n a <'), 6)),
  call('regex.template_match', joined(words('a { } [ab]+ .* ( ) |b'), 6), text, one(['{', '<']), one(['}', '>'])),
];

const query = orAny(joined([...words("a = & + % 2 é ; %41 %C3%A9 %ff 😀 ' ~ *"), ' '], 8));
const bytes = orAny(one(['', ...words('6 C3a9 zz 61ff62 efbbbf61 e282 f09f98 eda080 f4908080')]));
const network = orAny(
  one([
    ...words('10.0.0.0/8 10.0.0.0/33 1.2.3/8 ::/0 ::1/129 ::ffff:1.2.3.4/96 fe80::1%eth0/64 010.0.0.1/8 1.2.3.4'),
    ...words('1.2.3.4/08 1.2.3.4/ 1.2.3.4/-1 1:2:3:4:5:6:7::/64 12345::/16 1::2::3/8'),
    ' 1.2.3.4/8',
  ]),
);

export const ENCODING: readonly Calls[] = [
  call('urlquery.encode', query),
  call('urlquery.decode', query),
  call('urlquery.decode_object', query),
  call('urlquery.encode_object', fc.dictionary(fc.string({ maxLength: 3 }), texts)),
  call('hex.encode', text),
  call('hex.decode', bytes),
  call('base64url.encode_no_pad', text),
  ...words('md5 sha1 sha256').map((name) => call(`crypto.${name}`, text)),
  ...words('md5 sha1 sha256 sha512 equal').map((name) => call(`crypto.hmac.${name}`, text, text)),
  call('net.cidr_is_valid', network),
];
