// The npm client fhir-kit-client against a running door: what a developer elsewhere would do on the first day.
import { Client } from 'fhir-kit-client';

const { BASE, TOKEN } = process.env;
const client = new Client({ baseUrl: BASE, bearerToken: TOKEN });
const run = `kit-${Date.now()}`;
const person = (n) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:example:kit', value: `${run}-${n}` }],
  name: [{ family: 'Synthetic', given: [`Kit ${n}`] }],
});

let passed = 0;
let failed = 0;
async function check(what, act) {
  try {
    await act();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${what}: ${error.message} ${JSON.stringify(error.response?.data ?? '')}`);
  }
}
function equal(found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
}

let made;
await check('the CapabilityStatement', async () => {
  equal((await client.capabilityStatement()).fhirVersion, '4.0.1');
});
await check('create and read', async () => {
  made = await client.create({ resourceType: 'Patient', body: person(0) });
  equal((await client.read({ resourceType: 'Patient', id: made.id })).name, made.name);
});
await check('update and versions', async () => {
  const body = { ...made, birthDate: '1970-01-01' };
  const updated = await client.update({ resourceType: 'Patient', id: made.id, body });
  equal(updated.meta.versionId, '2');
  equal((await client.vread({ resourceType: 'Patient', id: made.id, version: '1' })).birthDate, undefined);
  equal((await client.history({ resourceType: 'Patient', id: made.id })).entry.length, 2);
});
await check('patch', async () => {
  const jsonPatch = [{ op: 'replace', path: '/birthDate', value: '1971-01-01' }];
  const patched = await client.patch({ resourceType: 'Patient', id: made.id, jsonPatch });
  equal(patched.birthDate, '1971-01-01');
});
await check('transaction', async () => {
  const entry = [1, 2, 3, 4, 5].map((n) => ({ resource: person(n), request: { method: 'POST', url: 'Patient' } }));
  const answer = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } });
  equal(answer.entry.map((one) => one.response.status.slice(0, 3)), Array(5).fill('201'));
});
await check('batch with one refusal', async () => {
  const entry = [
    { request: { method: 'GET', url: `Patient/${made.id}` } },
    { request: { method: 'GET', url: 'Patient/nobody' } },
  ];
  const answer = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } });
  equal(answer.entry.map((one) => one.response.status.slice(0, 3)), ['200', '404']);
});
await check('search and paging', async () => {
  const found = new Set();
  const searchParams = { _count: 2, family: 'Synthetic', _sort: 'given' };
  let page = await client.resourceSearch({ resourceType: 'Patient', searchParams });
  while (page) {
    for (const { resource } of page.entry ?? []) {
      if (resource.identifier?.some((one) => one.value.startsWith(run))) found.add(resource.id);
    }
    page = page.link.some((link) => link.relation === 'next') ? await client.nextPage({ bundle: page }) : null;
  }
  equal(found.size, 6);
});
await check('an operation', async () => {
  const everything = await client.operation({ name: 'everything', resourceType: 'Patient', id: made.id, method: 'GET' });
  equal(everything.entry[0].resource.id, made.id);
});
await check('a subscription is active and counts what happens', async () => {
  const subscription = await client.create({
    resourceType: 'Subscription',
    body: {
      resourceType: 'Subscription',
      status: 'requested',
      reason: 'synthetic',
      criteria: `Patient?identifier=urn:example:kit|${run}-told`,
      channel: { type: 'websocket' },
    },
  });
  const { id } = subscription;
  for (let tries = 0; ; tries += 1) {
    const now = await client.read({ resourceType: 'Subscription', id });
    if (now.status === 'active') break;
    if (tries > 100) throw new Error(`it is ${now.status} after 10 s`);
    await new Promise((done) => setTimeout(done, 100));
  }
  const status = await client.operation({ name: 'status', resourceType: 'Subscription', id, method: 'GET' });
  equal(status.entry.length, 1);
  await client.delete({ resourceType: 'Subscription', id });
});
await check('export', async () => {
  const headers = { Authorization: `Bearer ${TOKEN}`, Accept: 'application/fhir+json' };
  const begun = await fetch(`${BASE}/$export?_type=Patient`, { headers: { ...headers, Prefer: 'respond-async' } });
  equal(begun.status, 202);
  const place = begun.headers.get('content-location');
  let answer;
  for (let tries = 0; ; tries += 1) {
    answer = await fetch(place, { headers: { ...headers, Accept: 'application/json' } });
    if (answer.status !== 202) break;
    if (tries > 300) throw new Error('it is not done after 30 s');
    await new Promise((done) => setTimeout(done, 100));
  }
  equal(answer.status, 200);
  const { output } = await answer.json();
  let lines = 0;
  for (const { url } of output) {
    const file = await fetch(url, { headers: { ...headers, Accept: 'application/fhir+ndjson' } });
    lines += (await file.text()).trimEnd().split('\n').length;
  }
  const { total } = await client.resourceSearch({ resourceType: 'Patient', searchParams: { _summary: 'count' } });
  equal(lines, total);
});
await check('delete', async () => {
  await client.delete({ resourceType: 'Patient', id: made.id });
  let status;
  try {
    await client.read({ resourceType: 'Patient', id: made.id });
  } catch (error) {
    status = error.response?.status;
  }
  equal(status, 410);
});
console.log(`fhir-kit-client: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
