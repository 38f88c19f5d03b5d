import type { Summary, ThresholdResult } from "@drainprobe/core";
import { formatCount, formatDuration } from "../text/format.js";
import { printable } from "../text/printable.js";
import { unverifiedWords } from "../text/unverified.js";
import type { Judged } from "./page/data.js";

/** Each objective and each threshold in a sentence, with what was seen. */
export function judged(summary: Summary): Judged[] {
  const unverified = unverifiedWords(summary);
  return [
    ...(summary.rollout?.objectives ?? []).map(({ result, text, why }) => ({
      result,
      text: printable(text),
      why: printable(why),
    })),
    ...summary.thresholds.map(thresholdSentence),
    ...(unverified === null
      ? []
      : [{ result: "inconclusive" as const, text: "certificates were verified", why: `WARNING: ${unverified}` }]),
    ...(summary.coverage.insufficient.length === 0
      ? []
      : [
          {
            result: "inconclusive" as const,
            text: "enough was seen to rest a verdict on",
            why: summary.coverage.insufficient.map(printable).join("; "),
          },
        ]),
  ];
}

const SENTENCES: Readonly<Record<string, string>> = {
  maxConnectionFailures: "no more connections failed than allowed",
  maxRequestFailures: "no more requests failed by themselves than allowed",
  maxUnsafe: "no more lost writes are unsafe to retry than allowed",
  maxNewConnectionGapNs: "new connections were never refused for longer than allowed",
};

function thresholdSentence({ name, limit, seen, ok }: ThresholdResult): Judged {
  const show = (value: number): string => (name.endsWith("Ns") ? formatDuration(value) : formatCount(value));
  const text = (Object.hasOwn(SENTENCES, name) ? SENTENCES[name] : undefined) ?? printable(name);
  const unlimited = limit === null || limit === Number.POSITIVE_INFINITY;
  return {
    result: ok ? "pass" : "fail",
    text,
    why: `${show(seen)} seen, ${unlimited ? "any number is" : `at most ${show(limit)}`} allowed`,
  };
}
