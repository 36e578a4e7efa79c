/**
 * XML from strangers, parsed into JSON: no document type, so no entities but the five of XML, and nothing from outside;
 * UTF-8 and XML 1.0 only.
 */
import { SaxesParser, type XMLDecl } from 'saxes';
import type { JsonObject } from '../../conditions/status.ts';
import { printable } from './quote.ts';
import { UnreadableReport } from './report.ts';
import { type DocumentBuilder, documentBuilder, refused } from './xml-document.ts';

const MOST_ATTRIBUTES = 100;

/** What the parser is given at once, in UTF-16 units. */
const PORTION = 256 * 1024;
/** Portions in which no piece may end. The parser gathers one bit by bit: a comment of 64 MiB could take 2 GB. */
const MOST_SILENT = 4;
const LONGEST_PIECE = '1 MiB';

const checkDeclaration = ({ version = '1.0', encoding = 'UTF-8' }: XMLDecl): void => {
  if (version !== '1.0') throw refused(`is of version ${printable(version)}, and only 1.0 is read`);
  if (!/^utf-?8$/i.test(encoding)) throw refused(`says that it is ${printable(encoding)}, and only UTF-8 is read`);
};

/** What the parser found wrong, and where. */
const unreadable = (problem: string, { line, column }: Parser, cause: unknown): unknown => {
  if (cause instanceof UnreadableReport || !(cause instanceof Error)) return cause;
  const text = `the report ${problem} ${printable(cause.message)} (line ${line}, column ${column})`;
  return new UnreadableReport(text, { cause });
};

type Parser = SaxesParser<{ xmlns: false; position: false }>;

/**
 * A parser with room for its handlers. `on` adds them as properties of computed names, and an object that gets many of
 * these V8 keeps as a dictionary, four times slower. Were they to have other names in saxes, it would only be slow.
 */
const roomyParser = (): Parser => {
  const parser: Parser = new SaxesParser({ xmlns: false, position: false });
  const room = parser as unknown as Record<string, unknown>;
  room.attributeHandler = undefined;
  room.openTagHandler = undefined;
  room.closeTagHandler = undefined;
  room.textHandler = undefined;
  room.cdataHandler = undefined;
  room.commentHandler = undefined;
  room.xmldeclHandler = undefined;
  room.doctypeHandler = undefined;
  return parser;
};

/** A parser that fills `builder`, calls `heard` for each piece that is whole, and refuses what no report needs. */
const parserInto = (builder: DocumentBuilder, heard: () => void): Parser => {
  const parser = roomyParser();
  let attributes = 0;
  const says = (text: string): void => {
    heard();
    builder.says(text);
  };
  // Counted one by one: the parser gathers all of an element before it tells of the element.
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > MOST_ATTRIBUTES) throw refused(`has an element with more than ${MOST_ATTRIBUTES} attributes`);
  });
  parser.on('opentag', (tag) => {
    heard();
    attributes = 0;
    builder.opens(tag.name, tag.attributes);
  });
  parser.on('text', says);
  parser.on('cdata', says);
  parser.on('closetag', builder.closes);
  parser.on('comment', heard);
  parser.on('xmldecl', checkDeclaration);
  parser.on('doctype', () => {
    throw refused('has a document type, which no report needs');
  });
  return parser;
};

/** Builds the document as far as the text goes, and answers its parser. */
const write = (text: string, builder: DocumentBuilder): Parser => {
  let silent = 0;
  const parser = parserInto(builder, () => {
    silent = 0;
  });
  for (let from = 0; from < text.length; from += PORTION) {
    silent += 1;
    if (silent > MOST_SILENT) throw refused(`has a text, a comment or the like that is longer than ${LONGEST_PIECE}`);
    try {
      parser.write(text.slice(from, from + PORTION));
    } catch (cause) {
      throw unreadable('is not XML:', parser, cause);
    }
  }
  return parser;
};

/** Parses an XML document. Throws `UnreadableReport`. */
export const parseXml = (text: string): JsonObject => {
  const builder = documentBuilder();
  const parser = write(text, builder);
  try {
    parser.close();
  } catch (cause) {
    throw unreadable('ends in the middle of its XML:', parser, cause);
  }
  return builder.document();
};
