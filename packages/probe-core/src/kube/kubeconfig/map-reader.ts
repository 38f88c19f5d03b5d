import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { fault, type Located, type Place } from "./fault.js";
import type { YamlSource } from "./yaml-source.js";

interface Entry {
  readonly node: Node | null;
  readonly line: number;
}

/** Aliases in values that are handed on as they are (`extensions`); many more than that is a trap, not a kubeconfig. */
const MAX_ALIASES = 100;
const MAX_MERGE_DEPTH = 16;

/**
 * Reads the keys of one mapping, with the types a kubeconfig wants, or throws one line that says where and why not.
 * A key that is missing, `null` or empty text is absent, as for kubectl.
 */
export class MapReader {
  readonly place: Place;
  readonly #source: YamlSource;
  readonly #entries = new Map<string, Entry>();

  constructor(source: YamlSource, map: YAMLMap, place: Place) {
    this.#source = source;
    this.place = place;
    this.#collect(map, 0);
  }

  static root(source: YamlSource): MapReader {
    const map = source.resolve(source.document.contents as Node | null);
    return new MapReader(source, map as YAMLMap, { file: source.file, line: 1, key: "" });
  }

  get keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  placeOf(key: string): Place {
    const line = this.#entries.get(key)?.line ?? this.place.line;
    return { file: this.place.file, line, key: this.place.key === "" ? key : `${this.place.key}.${key}` };
  }

  text(key: string): Located<string> | null {
    const node = this.#present(key);
    if (node === null) return null;
    const place = this.placeOf(key);
    if (!isScalar(node)) throw fault(place, "it must be text, and is not a single value", "check the indentation");
    if (typeof node.value !== "string") throw fault(place, "it must be text", "put the value in quotes");
    return node.value === "" ? null : { value: node.value, place };
  }

  required(key: string, mend: string): Located<string> {
    const found = this.text(key);
    if (found === null) throw fault(this.placeOf(key), "it is missing", mend);
    return found;
  }

  /** `yes`, `on` and the like count too: kubectl reads YAML 1.1. */
  flag(key: string): Located<boolean> | null {
    const node = this.#present(key);
    if (node === null) return null;
    const place = this.placeOf(key);
    const value = isScalar(node) ? (typeof node.value === "boolean" ? node.value : oldBoolean(node)) : null;
    if (value === null) throw fault(place, "it must be true or false", "write true or false, without quotes");
    return { value, place };
  }

  /** Base64 of text. Line breaks in it are allowed, as for kubectl. */
  base64(key: string): Located<string> | null {
    const found = this.text(key);
    if (found === null) return null;
    const packed = found.value.replace(/[\r\n]/g, "");
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed)) {
      throw fault(found.place, "it is not base64", "encode the file with base64 -w0, or name the file instead");
    }
    return { value: Buffer.from(packed, "base64").toString("utf8"), place: found.place };
  }

  map(key: string): MapReader | null {
    const node = this.#present(key);
    if (node === null) return null;
    const place = this.placeOf(key);
    if (!isMap(node)) throw fault(place, "it must be a mapping", "check the indentation of the lines below it");
    return new MapReader(this.#source, node, place);
  }

  /** The mappings of a list. */
  maps(key: string): readonly MapReader[] {
    return this.#items(key, "mappings", (node, place) => {
      if (!isMap(node)) throw fault(place, "it must be a mapping", "check dashes and indentation");
      return new MapReader(this.#source, node, place);
    });
  }

  texts(key: string): readonly string[] {
    return this.#items(key, "texts", (node, place) => {
      if (isScalar(node) && typeof node.value === "string") return node.value;
      throw fault(place, "it must be text", "put the value in quotes");
    });
  }

  /** A value of any shape, as JSON would hold it. `undefined` where it is absent. */
  plain(key: string): unknown {
    const node = this.#present(key);
    if (node === null) return undefined;
    try {
      return node.toJS(this.#source.document, { maxAliasCount: MAX_ALIASES });
    } catch {
      throw fault(this.placeOf(key), "its aliases multiply without bound", "write the values out");
    }
  }

  #items<T>(key: string, what: string, read: (node: Node | null, place: Place) => T): readonly T[] {
    const node = this.#present(key);
    if (node === null) return [];
    const list = this.placeOf(key);
    if (!isSeq(node)) throw fault(list, `it must be a list of ${what}`, "begin each item with a dash");
    return node.items.map((item, index) => {
      const line = this.#source.lineOf((item as Node | null)?.range?.[0] ?? node.range?.[0] ?? 0);
      const place = { file: list.file, line, key: `${list.key}[${index}]` };
      return read(this.#source.resolve(item as Node | null), place);
    });
  }

  #present(key: string): Node | null {
    const node = this.#source.resolve(this.#entries.get(key)?.node ?? null);
    return isScalar(node) && node.value === null ? null : node;
  }

  /** Own keys first, then those of merge keys (`<<: *base`), the first of which wins. */
  #collect(map: YAMLMap, depth: number): void {
    if (depth > MAX_MERGE_DEPTH) throw fault(this.place, "merge keys (<<) go too deep", "write the values out");
    const merges: Pair[] = [];
    for (const pair of map.items) {
      const { key } = pair;
      const offset = (key as Node | null)?.range?.[0] ?? 0;
      const line = this.#source.lineOf(offset);
      if (!isScalar(key)) {
        throw fault(
          { ...this.place, line },
          "a key that is not plain text",
          "put text with brackets or braces in quotes",
        );
      }
      const name = typeof key.value === "symbol" ? key.value.description : String(key.value);
      if (name === "<<") merges.push(pair);
      else if (name !== undefined && !this.#entries.has(name)) {
        this.#entries.set(name, { node: pair.value as Node | null, line });
      }
    }
    for (const pair of merges) this.#merge(pair, depth);
  }

  #merge(pair: Pair, depth: number): void {
    const base = this.#source.resolve(pair.value as Node | null);
    for (const each of isSeq(base) ? base.items : [base]) {
      const map = this.#source.resolve(each as Node | null);
      const line = this.#source.lineOf((pair.key as Node).range?.[0] ?? 0);
      if (!isMap(map)) {
        throw fault({ ...this.placeOf("<<"), line }, "a merge key (<<) without a mapping", "write the values out");
      }
      this.#collect(map, depth + 1);
    }
  }
}

function oldBoolean(node: { readonly value: unknown; readonly type?: string | undefined }): boolean | null {
  if (node.type !== "PLAIN" || typeof node.value !== "string") return null;
  if (/^(y|Y|yes|Yes|YES|on|On|ON)$/.test(node.value)) return true;
  return /^(n|N|no|No|NO|off|Off|OFF)$/.test(node.value) ? false : null;
}
