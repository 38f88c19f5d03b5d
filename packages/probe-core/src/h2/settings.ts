import { MAX_WINDOW, readUint32 } from "./frame.js";
import { VIOLATIONS, type Violation } from "./violations.js";

/** SETTINGS parameters by number, in the words of facts (RFC 9113 §6.5.2; RFC 8441 §3; RFC 9218 §2.1). */
const NAMES: readonly (string | undefined)[] = [
  undefined,
  "headerTableSize",
  "enablePush",
  "maxConcurrentStreams",
  "initialWindowSize",
  "maxFrameSize",
  "maxHeaderListSize",
  undefined,
  "enableConnectProtocol",
  "noRfc7540Priorities",
];

export const SETTINGS_HEADER_TABLE_SIZE = 0x1;
export const SETTINGS_ENABLE_PUSH = 0x2;
export const SETTINGS_MAX_CONCURRENT_STREAMS = 0x3;
export const SETTINGS_INITIAL_WINDOW_SIZE = 0x4;
export const SETTINGS_MAX_FRAME_SIZE = 0x5;
export const SETTINGS_MAX_HEADER_LIST_SIZE = 0x6;

/** Values by name, as {@link readSettings} found them; the last one counts where a name came twice (RFC 9113 §6.5.3). */
export type SettingsValues = Readonly<Record<string, number>>;

/** Checks what a server may send (RFC 9113 §6.5.2). All of it ends the connection. */
export function checkSettings(payload: Uint8Array): Violation | null {
  for (let at = 0; at < payload.length; at += 6) {
    const value = readUint32(payload, at + 2);
    switch (settingId(payload, at)) {
      case SETTINGS_ENABLE_PUSH:
        if (value !== 0) return VIOLATIONS.settingsEnablePush;
        break;
      case SETTINGS_INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) return VIOLATIONS.settingsWindowSize;
        break;
      case SETTINGS_MAX_FRAME_SIZE:
        if (value < 0x4000 || value > 0xffffff) return VIOLATIONS.settingsFrameSize;
        break;
    }
  }
  return null;
}

/** What the frame named. Unknown parameters are ignored, as RFC 9113 §6.5.2 asks. */
export function readSettings(payload: Uint8Array): SettingsValues {
  const values: Record<string, number> = {};
  for (let at = 0; at < payload.length; at += 6) {
    const name = NAMES[settingId(payload, at)];
    if (name !== undefined) values[name] = readUint32(payload, at + 2);
  }
  return values;
}

/** Calls `apply` for each parameter in the order of the frame, known or not. */
export function eachSetting(payload: Uint8Array, apply: (id: number, value: number) => void): void {
  for (let at = 0; at < payload.length; at += 6) apply(settingId(payload, at), readUint32(payload, at + 2));
}

function settingId(payload: Uint8Array, at: number): number {
  return ((payload[at] as number) << 8) | (payload[at + 1] as number);
}
