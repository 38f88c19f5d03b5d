import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { labRoot } from "./lab-root.js";

describe("the folder of labs", () => {
  const { uid } = userInfo();
  let parent: string;
  let root: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "drainprobe-root-"));
    root = join(parent, `drainprobe-lab-${uid}`);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it("is made for this user alone, and found again", () => {
    expect([labRoot(parent), labRoot(parent)]).toEqual([root, root]);
    expect(statSync(root).mode & 0o777).toBe(0o700);
  });

  it("is not taken from somebody who put it there: open to others, or a link", () => {
    mkdirSync(root);
    chmodSync(root, 0o777);
    expect(() => labRoot(parent)).toThrow(/not a folder of this user's alone/);
    rmSync(root, { recursive: true });
    const elsewhere = join(parent, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o700 });
    symlinkSync(elsewhere, root);
    expect(() => labRoot(parent)).toThrow(/not a folder of this user's alone/);
  });

  it.runIf(uid === 0)("is not taken from somebody who owns it", () => {
    mkdirSync(root, { mode: 0o700 });
    chownSync(root, 65_534, 65_534);
    expect(() => labRoot(parent)).toThrow(/not a folder of this user's alone/);
  });
});
