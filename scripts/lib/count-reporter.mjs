import { writeFileSync } from "node:fs";

/**
 * A vitest reporter that leaves the numbers of a run in the file named by DRAINPROBE_COUNT_FILE.
 * A test file that does not load and an error outside any test count as one failure each.
 */
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      counts.failed += module.errors().length;
    }
    writeFileSync(process.env.DRAINPROBE_COUNT_FILE, JSON.stringify(counts));
  }
}
