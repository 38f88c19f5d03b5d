import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
import { fault, type Place } from "./fault.js";

/** A parsed YAML file, and where its nodes stand. */
export interface YamlSource {
  readonly file: string;
  readonly document: Document;
  lineOf(offset: number): number;
  /** The node an alias stands for; any other node is itself. */
  resolve(node: Node | null): Node | null;
}

/** The parser's texts may quote the file, and the file holds secrets: so each of its codes has words of ours. */
const DANGLING_ALIAS = [
  "an alias (*name) without an anchor (&name) before it",
  "put text that begins with * in quotes",
] as const;
const PROBLEMS: Partial<Record<ErrorCode, readonly [what: string, mend: string]>> = {
  BAD_ALIAS: DANGLING_ALIAS,
  BAD_DQ_ESCAPE: ["an unknown escape in double quotes", "use single quotes"],
  BAD_INDENT: ["the indentation does not fit", "indent the keys of one mapping alike"],
  BAD_SCALAR_START: ["text that begins with a reserved character", "put it in quotes"],
  DUPLICATE_KEY: ["this key stands here twice", "remove one of the two"],
  MISSING_CHAR: ["a bracket, quote or colon is missing", "close what was opened"],
  MULTILINE_IMPLICIT_KEY: ["a key that spans lines", "check for a missing colon or quote"],
  BLOCK_AS_IMPLICIT_KEY: ["a mapping where a value was to come", "check colons and indentation"],
  TAB_AS_INDENT: ["a tab in the indentation", "use spaces"],
  TAG_RESOLVE_FAILED: ["a tag (!name) that means nothing here", "remove it, or put text that begins with ! in quotes"],
  RESOURCE_EXHAUSTION: ["it is nested too deeply", "check that it is the right file"],
};
const OTHER_PROBLEM = ["it is not YAML", "check this line and the one before"] as const;

/** Keys that may be named in an error beside a syntax error, where nothing is known of the structure. */
const KNOWN_KEY =
  /^[\s-]*["']?(apiVersion|kind|preferences|clusters|cluster|server|tls-server-name|insecure-skip-tls-verify|certificate-authority|certificate-authority-data|proxy-url|contexts|context|namespace|current-context|users|user|name|client-certificate|client-certificate-data|client-key|client-key-data|token|tokenFile|username|password|auth-provider|exec|command|args|env|value|interactiveMode|provideClusterInfo|installHint|extensions)["']?\s*:/;

/** Parses one YAML document. `null` for a file without content. Throws one line, which quotes nothing of the text. */
export function parseYaml(file: string, text: string): YamlSource | null {
  const lines = new LineCounter();
  const whole: Place = { file, line: null, key: "" };
  let documents: Document[];
  try {
    documents = [
      ...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent", merge: true }),
    ];
  } catch {
    throw fault(whole, "it cannot be parsed as YAML", "check that it is the right file");
  }
  const [document, second] = documents.filter((each) => !isEmpty(each));
  if (document === undefined) return null;
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  const broken = document.errors[0];
  if (broken !== undefined) {
    // What is missing at the end is missed behind the last line.
    const line = Math.min(lineOf(broken.pos[0]), text.trimEnd().split(/\r\n|\n|\r/).length);
    const [what, mend] = PROBLEMS[broken.code] ?? OTHER_PROBLEM;
    throw fault({ file, line, key: keyNear(text, line) }, what, mend);
  }
  if (second !== undefined) {
    const line = lineOf(second.range?.[0] ?? 0);
    throw fault({ file, line, key: "" }, "a second YAML document (after ---)", "keep one document in the file");
  }
  const source: YamlSource = {
    file,
    document,
    lineOf,
    resolve(node) {
      if (!isAlias(node)) return node;
      const target = node.resolve(document);
      if (target !== undefined) return target;
      const line = lineOf(node.range?.[0] ?? 0);
      throw fault({ file, line, key: keyNear(text, line) }, ...DANGLING_ALIAS);
    },
  };
  const root = source.resolve(document.contents as Node | null);
  if (!isMap(root)) {
    const line = lineOf(document.contents?.range?.[0] ?? 0);
    throw fault({ file, line, key: "" }, "it is not a mapping", "check that it is a kubeconfig");
  }
  return source;
}

function isEmpty({ contents, errors }: Document): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null));
}

/** The known key on that line or the nearest one above. Unknown words are not shown: they may be a part of a secret. */
function keyNear(text: string, line: number): string {
  const above = text.split(/\r\n|\n|\r/).slice(0, line);
  for (const each of above.reverse()) {
    const key = KNOWN_KEY.exec(each)?.[1];
    if (key !== undefined) return key;
  }
  return "";
}
