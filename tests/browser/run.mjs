// Runs the tests in one browser, each in a context of its own that has signed in already.
import { chromium } from 'playwright-core';
import { Portal, place } from './portal.mjs';

const browser = await chromium.launch({
  executablePath: place.chromium,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function signedIn(person) {
  const portal = await Portal.open(browser, undefined);
  await portal.signIn(person);
  const state = await portal.context.storageState();
  await portal.close();
  return state;
}

const states = {};
let passed = 0;
let failed = 0;

async function run(name, test) {
  const began = Date.now();
  const person = test.person ?? 'analyst';
  let portal;
  try {
    if (person !== 'nobody') states[person] ??= await signedIn(person);
    portal = await Portal.open(browser, states[person]);
    if (person !== 'nobody') await portal.forgetPreferences();
    await (test.run ?? test)(portal);
    portal.checkQuiet();
    passed++;
    console.log(`ok ${name} (${((Date.now() - began) / 1000).toFixed(1)})`);
  } catch (problem) {
    failed++;
    console.log(`FAILED ${name} (${((Date.now() - began) / 1000).toFixed(1)})\n${problem.stack ?? problem}`);
    await portal?.shot(`failed-${name}`).catch(() => undefined);
    console.log((portal?.said ?? []).slice(-10).join('\n'));
  } finally {
    await portal?.close();
  }
}

for (const file of place.files) {
  const { tests } = await import(`./${file}`);
  for (const [name, test] of Object.entries(tests)) {
    const full = `${file.replace(/^test_|\.mjs$/g, '')}.${name}`;
    if (place.parts.length === 0 || place.parts.some((part) => full.includes(part))) await run(full, test);
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
