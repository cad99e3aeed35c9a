// A browser without a network, and a page whose requests and errors are recorded.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import path from "node:path";
import { chromium } from "playwright-core";

export const folder = path.resolve(process.env.PAGES ?? "../../target/page");
export const file = (name) => path.join(folder, name, "report.html");

const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });

// Opens a report. `watched.requests` are the addresses that it requested, `watched.complaints` the messages of the browser.
export async function open(browser, name, { hash = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const watched = { requests: [], complaints: [], dialogs: [] };
  page.on("request", (request) => watched.requests.push(request.url()));
  page.on("console", (message) => watched.complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => watched.complaints.push(error.message));
  page.on("dialog", (dialog) => {
    watched.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  const url = pathToFileURL(name.endsWith(".html") ? name : file(name)).href;
  await page.goto(url + hash);
  if (options.javaScriptEnabled !== false) await page.waitForSelector("html[data-ready]");
  // After any test, the page requested only its file, and the browser reported no error and no foreign script.
  const close = async () => {
    const asked = watched.requests.filter((each) => each.split("#")[0] !== url);
    assert.deepEqual({ ...watched, requests: asked }, { requests: [], complaints: [], dialogs: [] });
    await context.close();
  };
  return { page, watched, url, close };
}

// The rows of the table, as texts by header, without the stories below them.
export const table = (page) => page.evaluate(() => {
  const heads = [...document.querySelectorAll("#table thead th")].map((head) => head.textContent);
  return [...document.querySelectorAll("#table tbody tr:not(.below)")].map((row) =>
    Object.fromEntries([...row.cells].map((cell, i) => [heads[i], cell.textContent])));
});

export const count = (page) => page.textContent("#count");
