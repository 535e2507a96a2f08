// Shows the checks a page in which everything is wrong: what they do not find here they find nowhere.
import { chromium } from 'playwright-core';
import { createServer } from 'node:http';
import { listen, look } from './faults.mjs';

const files = {
  '/bad': ['text/html', `<!doctype html><html lang="en"><title>Bad</title><link rel="stylesheet" href="/bad.css">
    <link rel="stylesheet" href="/missing.css"><body style="color: red"><main><h1>Bad</h1>
    <img src="http://localhost:1/a.png"><p class="wide">wide</p><a href="/bad">under the lid</a></main><div class="lid"></div>
    <script src="/bad.js"></script></html>`],
  '/bad.css': ['text/css', '.wide { width: 3000px } .lid { position: fixed; inset: 0; background: #fff }'],
  '/bad.js': ['text/javascript', 'throw new Error("the script failed")'],
  '/favicon.ico': ['image/x-icon', ''],
};
const wanted = ['404', 'outside request', 'Content Security Policy', 'the script failed', 'scrolls sideways', 'image-alt', 'focus is covered'];

const server = createServer((request, response) => {
  const [kind, text] = files[request.url] ?? [];
  response.writeHead(kind ? 200 : 404, { 'Content-Type': kind ?? 'text/plain', 'Content-Security-Policy': "default-src 'self'" });
  response.end(text);
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();
const faults = listen(page, base);
await page.goto(`${base}/bad`);
await look(page, faults);
await browser.close();
server.close();
const missed = wanted.filter((words) => !faults.some((fault) => fault.includes(words)));
for (const words of missed) console.log(`FAIL the checks do not find: ${words}`);
console.log(`${wanted.length - missed.length} passed, ${missed.length} failed`);
process.exit(missed.length ? 1 : 0);
