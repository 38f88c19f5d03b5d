import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../packages/cli/src/main.js";
import { CapturedIo } from "../../packages/cli/test/support/capture.js";
import { writeBigLog } from "../../scripts/big-log.mjs";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
const MAX_OPEN_MS = 3_000;

const words = async (locator: Locator): Promise<string> => (await locator.textContent()) ?? "";

/** Evaluates in the page; as text, because this side knows no DOM. */
const inPage = <T>(page: Page, code: string): Promise<T> => page.evaluate(code) as Promise<T>;

/** The HTML report in a real browser, opened from disk. */
describe("report --html in chromium", () => {
  let dir: string;
  let browser: Browser;
  /** One million events of one node, and three nodes of which one is packed. */
  let million: string;
  let nodes: string;

  const report = async (logs: readonly string[], html: string): Promise<string> => {
    const io = new CapturedIo();
    expect(await main(["report", ...logs, "--html", html], io)).toBe(1);
    return html;
  };

  beforeAll(async () => {
    if (CHROMIUM === undefined) throw new Error("no chromium: apt-get install chromium");
    dir = mkdtempSync(join(tmpdir(), "drainprobe-html-"));
    const big = join(dir, "big.jsonl");
    writeBigLog(big, { events: 1_000_000, seed: 1 });
    million = await report([big], join(dir, "million.html"));
    const files = [
      ["m0.jsonl", "master-0", 1, 0],
      ["m1.jsonl.gz", "master-1", 1, 4],
      ["m2.jsonl", "master-2", 3, 2_037],
    ] as const;
    for (const [file, node, seed, offsetMs] of files) {
      writeBigLog(join(dir, file), { events: 60_000, seed, node, offsetMs });
    }
    nodes = await report(
      files.map(([file]) => join(dir, file)),
      join(dir, "nodes.html"),
    );
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Opens it, and fails the test on any error, message or request of the page. */
  async function open(
    file: string,
    colorScheme: "light" | "dark" = "light",
  ): Promise<{ page: Page; odd: string[]; openedMs: number }> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    const odd: string[] = [];
    page.on("console", (message) => odd.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => odd.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(file).href && !request.url().startsWith("data:")) odd.push(request.url());
    });
    const startedMs = performance.now();
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("body[data-drawn]");
    return { page, odd, openedMs: performance.now() - startedMs };
  }

  const range = (page: Page): Promise<string> => words(page.locator("#range"));
  /** Pixels of the chart that have the colour of a failure. */
  const failing = (page: Page, [r, g, b]: readonly [number, number, number]): Promise<number> =>
    inPage(
      page,
      `(() => {
        const canvas = document.querySelector("#lanes");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
          if (Math.abs(data[at] - ${r}) + Math.abs(data[at + 1] - ${g}) + Math.abs(data[at + 2] - ${b}) < 24) count += 1;
        }
        return count;
      })()`,
    );

  it("a million events open in under three seconds, in a page of bounded size, without a request or a message", async () => {
    const { page, odd, openedMs } = await open(million);
    expect(openedMs).toBeLessThan(MAX_OPEN_MS);
    expect(statSync(million).size).toBeLessThan(20_000_000);
    expect(await words(page.locator("h1"))).toContain("FAIL");
    expect(await failing(page, [0xd1, 0x48, 0x0a])).toBeGreaterThan(100);
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("an incident is zoomed to by a click, with its evidence", async () => {
    const { page, odd } = await open(million);
    const whole = await range(page);
    await page.locator(".incident").first().click();
    expect(await page.locator(".incident[aria-current]").count()).toBe(1);
    await expect.poll(() => range(page)).toContain("zoomed");
    expect(await range(page)).not.toBe(whole);
    expect(await words(page.locator("#detail"))).toMatch(
      /tcp\.rst\.received[\s\S]*UNSAFE to retry|UNSAFE to retry[\s\S]*tcp\.rst\.received/,
    );
    await page.locator("#zoom-all").click();
    await expect.poll(() => range(page)).toBe(whole);
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("all of it is reached by keys", async () => {
    const { page, odd } = await open(million);
    const whole = await range(page);
    await page.locator("#lanes").focus();
    await page.keyboard.press("+");
    await expect.poll(() => range(page)).toContain("zoomed");
    const zoomed = await range(page);
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => range(page)).not.toBe(zoomed);
    await page.keyboard.press("0");
    await expect.poll(() => range(page)).toBe(whole);
    await page.keyboard.press("ArrowDown");
    const first = await words(page.locator("#said"));
    expect(first).toContain("lost");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => page.locator(".incident[aria-current]").count()).toBeGreaterThan(0);
    await page.keyboard.press("Escape");
    expect(await words(page.locator("#said"))).toBe("");
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("filters leave what they name", async () => {
    const { page, odd } = await open(nodes);
    const all = await words(page.locator("#incident-count"));
    const height = () => inPage<number>(page, `document.querySelector("canvas").clientHeight`);
    const tall = await height();
    await page.locator("#filter-node").selectOption("master-2");
    await expect.poll(height).toBeLessThan(tall);
    expect(await words(page.locator("#incident-count"))).toContain(`of ${all}`);
    await page.locator("#filter-type").selectOption("tcp.reset");
    for (const text of await page.locator("#incidents strong").allTextContents()) expect(text).toContain("reset");
    await page.locator("#filter-scope").selectOption("request");
    expect(await words(page.locator("#incidents"))).toContain("The filters leave none");
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("three nodes lie on one axis, with the truth table and their clocks", async () => {
    const { page, odd } = await open(nodes);
    const findings = await words(page.locator("#findings"));
    expect(findings).toMatch(/master-0 vip/);
    expect(findings).toMatch(/✗ bad/);
    expect(findings).toMatch(/no order is claimed/);
    await page.locator("#twin-details summary").click();
    await expect.poll(() => page.locator("#twin table").count()).toBe(2);
    expect(await words(page.locator("#twin"))).toMatch(/RST \d\d:\d\d:\d\d/);
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("is dark where the system is, and light on paper", async () => {
    const { page, odd } = await open(nodes, "dark");
    const background = () => inPage<string>(page, "getComputedStyle(document.body).backgroundColor");
    expect(await background()).toBe("rgb(18, 23, 30)");
    expect(await failing(page, [0xff, 0x85, 0x52])).toBeGreaterThan(50);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await background()).toBe("rgb(255, 255, 255)");
    const link = () => inPage<string>(page, `getComputedStyle(document.querySelector("button.link")).color`);
    expect(await link()).toBe("rgb(11, 87, 208)");
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    const pdf = await page.pdf({ format: "A4", landscape: true, printBackground: true });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    expect(pdf.length).toBeGreaterThan(20_000);
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("says first what fits best, with what else fits on demand, and on paper all of it", async () => {
    const { page, odd } = await open(nodes);
    expect(await page.locator("article.match").count()).toBe(1);
    const others = page.locator("details.match");
    expect(await others.count()).toBeGreaterThan(0);
    expect(await others.first().locator("p").first().isVisible()).toBe(false);
    await others.first().locator("summary").focus();
    await page.keyboard.press("Enter");
    expect(await words(others.first().locator("p:visible").first())).toMatch(/^Cause /);
    await inPage(page, "window.dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator("details.match:not([open])").count()).toBe(0);
    await inPage(page, "window.dispatchEvent(new Event('afterprint'))");
    expect(await page.locator("details.match[open]").count()).toBe(1);
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("fits a narrow window", async () => {
    const { page, odd } = await open(nodes);
    await page.setViewportSize({ width: 400, height: 800 });
    await expect.poll(() => inPage(page, "document.documentElement.scrollWidth")).toBeLessThanOrEqual(400);
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);

  it("what a log says is text, whatever it says", async () => {
    const log = join(dir, "hostile.jsonl");
    writeBigLog(log, {
      events: 20_000,
      seed: 5,
      node: '</script><script>alert("x")</script><img src=x onerror=alert(1)>',
    });
    const html = await report([log], join(dir, "hostile.html"));
    expect(readFileSync(html, "utf8")).not.toContain("<img");
    const { page, odd } = await open(html);
    expect(await words(page.locator(".about").first())).toContain("<img src=x");
    expect(odd).toEqual([]);
    await page.close();
  }, 60_000);
});
