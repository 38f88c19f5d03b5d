// A picture of an HTML report, as the docs have them: drawn by chromium, without a window.
//
//   node scripts/screenshot.mjs report.html picture.webp
//   node scripts/screenshot.mjs report.html picture.png --dark --width 480 --incident 1 --view
//
// `--incident N` clicks the Nth incident first, `--view` takes what a window of 1440 x 900 shows instead of the whole page.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: "boolean", default: false },
    view: { type: "boolean", default: false },
    width: { type: "string", default: "1440" },
    height: { type: "string", default: "900" },
    incident: { type: "string" },
    from: { type: "string" },
  },
});
const [file, picture] = positionals;
if (file === undefined || picture === undefined) throw new Error("usage: screenshot.mjs REPORT.html PICTURE");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const viewport = { width: Number(values.width), height: Number(values.height) };
  const page = await browser.newPage({ viewport, colorScheme: values.dark ? "dark" : "light" });
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.waitForSelector("body[data-drawn]");
  if (values.incident !== undefined) {
    const drawn = () => page.evaluate("Number(document.body.dataset.drawn)");
    const before = await drawn();
    await page
      .locator(".incident")
      .nth(Number(values.incident) - 1)
      .click();
    await page.waitForFunction(`Number(document.body.dataset.drawn) > ${before}`);
  }
  if (values.from !== undefined) await page.locator(values.from).evaluate((element) => element.scrollIntoView());
  const scroll = await page.evaluate("({ y: scrollY, height: document.documentElement.scrollHeight })");
  const clip = values.view
    ? { x: 0, y: scroll.y, ...viewport, scale: 1 }
    : { x: 0, y: 0, width: viewport.width, height: scroll.height, scale: 1 };
  const session = await page.context().newCDPSession(page);
  const format = picture.endsWith(".webp") ? { format: "webp", quality: 84 } : { format: "png" };
  const { data } = await session.send("Page.captureScreenshot", { ...format, clip, captureBeyondViewport: true });
  writeFileSync(picture, Buffer.from(data, "base64"));
} finally {
  await browser.close();
}
