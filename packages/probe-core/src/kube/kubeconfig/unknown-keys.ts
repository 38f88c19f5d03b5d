import type { Notify } from "../notice.js";
import { shownPlace } from "./fault.js";
import type { MapReader } from "./map-reader.js";

/**
 * Tells keys that mean nothing, such as `tokenfile` for `tokenFile`. Like kubectl we go on without them. Only words that look like
 * a key are shown: with a colon forgotten, a secret may stand where a key should.
 */
export function ignoredKeys(reader: MapReader, known: readonly string[], notify: Notify): void {
  for (const key of reader.keys) {
    if (known.includes(key)) continue;
    const near = known.find((each) => squeezed(each) === squeezed(key));
    const place = near === undefined ? reader.place : reader.placeOf(key);
    const what = near === undefined ? "a key that means nothing here is ignored" : `this key is ignored; write ${near}`;
    notify({ kind: "ignored", text: `${shownPlace(place)}: ${what}` });
  }
}

const squeezed = (key: string): string => key.toLowerCase().replace(/[-_\s]/g, "");
