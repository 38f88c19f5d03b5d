import { dirname, resolve } from "node:path";
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import { camel, type Flag, type FlagTable, kebab } from "../flags/flag.js";
import { nearest } from "../flags/nearest.js";
import { PER_PATH_FLAG_NAMES } from "../flags/run-flags.js";
import { type Found, parseAt, type Source } from "../flags/settings.js";
import { type NamedUrl, pathName, targetUrl } from "../flags/target-values.js";
import { UsageError } from "../usage-error.js";
import { readSmallFile } from "./small-file.js";

/** A path as `path:` of a configuration may give it: with settings of its own. */
export interface ConfiguredPath extends NamedUrl {
  readonly own?: Source;
}

/**
 * Reads a configuration: a YAML mapping whose keys are the flags' names (`request-timeout`; `requestTimeout` is the
 * same), values as one would type them, lists where a flag is repeatable. Throws {@link UsageError} with `file:line`.
 */
export function readConfigFile(file: string, table: FlagTable): Source {
  return new ConfigReader(file, table).read(readSmallFile(file, "--config"));
}

class ConfigReader {
  readonly #file: string;
  readonly #table: FlagTable;
  readonly #lines = new LineCounter();

  constructor(file: string, table: FlagTable) {
    this.#file = file;
    this.#table = table;
  }

  read(text: string): Source {
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const broken = document.errors[0];
    if (broken !== undefined) {
      throw new UsageError(`${this.#at(broken.pos[0])}: not YAML: ${broken.message.split("\n")[0] ?? ""}`);
    }
    if (document.contents === null) return new Map();
    if (!isMap(document.contents)) {
      throw new UsageError(
        `${this.#where(document.contents)}: not a mapping: write one setting a line, such as "rate: 50"`,
      );
    }
    const allowed = Object.keys(this.#table).filter((name) => this.#table[name]?.commandLineOnly !== true);
    return this.#readMap(document.contents, allowed);
  }

  #readMap(map: YAMLMap, allowed: readonly string[]): Source {
    const source = new Map<string, Found>();
    for (const pair of map.items) {
      const { key, at } = this.#key(pair);
      const name = camel(key);
      const flag = this.#flag(name);
      if (flag === undefined || !allowed.includes(name)) throw this.#unknownKey(key, at, allowed);
      const where = `${at} ${key}`;
      source.set(name, { where, values: this.#values(name, flag, pair.value as Node | null, where) });
    }
    return source;
  }

  /** By its own name only: `constructor` is no flag, whatever every object has. */
  #flag(name: string): Flag | undefined {
    return Object.hasOwn(this.#table, name) ? this.#table[name] : undefined;
  }

  #unknownKey(key: string, at: string, allowed: readonly string[]): UsageError {
    if (this.#flag(camel(key)) !== undefined) {
      return new UsageError(`${at}: "${key}" is for the ${key === "config" ? "command line only" : "top level only"}`);
    }
    const near = nearest(kebab(camel(key)), allowed.map(kebab));
    const hint = near === null ? `known are ${allowed.map(kebab).join(", ")}` : `did you mean "${near}"?`;
    return new UsageError(`${at}: unknown key "${key}": ${hint}`);
  }

  #values(name: string, flag: Flag, node: Node | null, where: string): readonly unknown[] {
    if (name === "path") return this.#paths(node, where);
    if (flag.kind === "switch") {
      if (isScalar(node) && typeof node.value === "boolean") return [node.value];
      throw new UsageError(`${where}: wants true or false`);
    }
    const items = flag.kind === "list" && isSeq(node) ? node.items : [node];
    return items.map((item) => {
      const text = this.#text(item as Node | null, where);
      return parseAt(flag.parse, flag.file === true ? resolve(dirname(this.#file), text) : text, where);
    });
  }

  /** `path:` is a list of `NAME=URL`, or a mapping of NAME to URL or to a mapping with `url:` and settings of its own. */
  #paths(node: Node | null, where: string): readonly ConfiguredPath[] {
    if (!isMap(node)) {
      const flag = this.#table.path;
      if (flag?.kind !== "list") throw new Error("path is a list flag");
      const items = isSeq(node) ? node.items : [node];
      return items.map((item) => parseAt(flag.parse, this.#text(item as Node | null, where), where) as ConfiguredPath);
    }
    return node.items.map((pair) => {
      const { key, at } = this.#key(pair);
      const name = parseAt(pathName, key, `${at} path`);
      if (!isMap(pair.value))
        return { name, url: parseAt(targetUrl, this.#text(pair.value as Node | null, at), `${at} ${key}`) };
      const url = pair.value.items.find((entry) => this.#key(entry).key === "url");
      if (url === undefined) throw new UsageError(`${at}: path "${key}" has no url`);
      const rest = pair.value.clone() as YAMLMap;
      rest.delete("url");
      return {
        name,
        url: parseAt(targetUrl, this.#text(url.value as Node | null, at), `${this.#key(url).at} url`),
        own: this.#readMap(rest, PER_PATH_FLAG_NAMES),
      };
    });
  }

  #key(pair: Pair): { readonly key: string; readonly at: string } {
    const node = pair.key;
    if (!isScalar(node)) throw new UsageError(`${this.#file}: a key must be plain text`);
    return { key: String(node.value), at: this.#where(node) };
  }

  #text(node: Node | null, where: string): string {
    if (!isScalar(node) || typeof node.value === "object") {
      const given = node === null || (isScalar(node) && node.value === null) ? "has no value" : "wants a single value";
      throw new UsageError(`${where}: ${given}`);
    }
    return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
  }

  #where(node: Node): string {
    return this.#at(node.range?.[0] ?? 0);
  }

  #at(offset: number): string {
    return `${this.#file}:${this.#lines.linePos(offset).line}`;
  }
}
