// Apps of others against a running server, with the libraries that their makers use: openid-client (OAuth and OpenID
// Connect), fhirclient (SMART App Launch, from a server). People are played by fetch with cookies.
import * as client from 'openid-client';
import smart from 'fhirclient';
import { exportJWK, generateKeyPair } from "jose";

const { BASE } = process.env;
const origin = new URL(BASE).origin;
const BACK = 'http://127.0.0.1:9/back';

let passed = 0;
let failed = 0;
async function check(what, act) {
  try {
    await act();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${what}: ${error.stack} ${error.cause ? JSON.stringify(error.cause) : ''}`);
  }
}
function equal(found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
}

/** A person with a browser without scripts. */
class Person {
  cookies = new Map();

  async ask(address, form) {
    const answer = await fetch(new URL(address, origin), {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form && { origin, 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form && new URLSearchParams(form),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return { status: answer.status, place: answer.headers.get('location'), text: await answer.text() };
  }

  /** The hidden fields of the first form that has this field, and its ticked boxes. */
  fields(text, having) {
    const form = text.split('<form').find((part) => part.includes(`name="${having}"`)) ?? '';
    const inputs = [...form.matchAll(/<input[^>]*>/g)].map(([tag]) => tag);
    const of = (tag, name) => tag.match(new RegExp(`${name}="([^"]*)"`))?.[1]?.replaceAll('&amp;', '&') ?? '';
    const sent = (tag) => of(tag, 'type') === 'hidden' || (of(tag, 'type') === 'checkbox' && tag.includes('checked'));
    return inputs.filter(sent).map((tag) => [of(tag, 'name'), of(tag, 'value')]);
  }

  async signIn(name) {
    const page = await this.ask('/sign-in');
    const fields = this.fields(page.text, 'csrf').filter(([key]) => key !== 'name' && key !== 'password');
    const answer = await this.ask('/sign-in', [...fields, ['name', name], ['password', 'demonstration']]);
    equal(answer.status, 303);
    return this;
  }

  /** Sends a command of ours. */
  async does(path, values) {
    const page = await this.ask(path);
    const answer = await this.ask(path, [...this.fields(page.text, 'request'), ...Object.entries(values)]);
    if (answer.status !== 303) throw new Error(`${path}: ${answer.status} ${answer.text.match(/error-message[^]*?<\/span>/)?.[0]}`);
  }

  /** Lets an app in: the address that the browser is sent back to. */
  async letsIn(address, more = []) {
    const page = await this.ask(address);
    if (page.status !== 200) throw new Error(`${page.status} ${page.place} ${page.text.slice(0, 2000)}`);
    const fields = this.fields(page.text, 'decision');
    const answer = await this.ask(address, [...fields, ...more, ['decision', 'allow']]);
    equal(answer.status, 303);
    return new URL(answer.place);
  }
}

const admin = await new Person().signIn('admin');
const doctor = await new Person().signIn('doctor');
async function registered(name, values) {
  await admin.does('/apps/register', { name, ...values });
  const { text } = await admin.ask('/apps');
  return text.split(`>${name}</strong>`)[1].match(/<code>([^<]*)<\/code>/)[1];
}
const run = Date.now();
const somebody = (await doctor.ask('/fhir/Patient?_count=1')).text;
const patient = JSON.parse(somebody).entry[0].resource.id;
const SCOPE = 'openid launch/patient patient/*.rs offline_access';

await check('openid-client lets itself in, reads, renews and revokes', async () => {
  const id = await registered(`OpenID ${run}`, { scopes: SCOPE, redirects: BACK });
  const options = { execute: [client.allowInsecureRequests] };
  const config = await client.discovery(new URL(origin), id, undefined, client.None(), options);
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: BACK, scope: SCOPE, state, nonce, aud: BASE,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  const back = await doctor.letsIn(address.href, [['patient', patient]]);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  equal([tokens.patient, tokens.claims().sub], [patient, 'doctor']);
  const read = (token) => fetch(`${BASE}/Patient/${patient}`, { headers: { authorization: `Bearer ${token}` } });
  equal((await read(tokens.access_token)).status, 200);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  equal((await read(renewed.access_token)).status, 200);
  await client.tokenRevocation(config, renewed.refresh_token);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  equal((await read(renewed.access_token)).status, 401);
});

/** What fhirclient needs of a server of its maker: a store, a request, and where it sends the browser. */
function server(url, store) {
  const sent = {};
  const storage = {
    get: async (key) => store.get(key),
    set: async (key, value) => (store.set(key, value), value),
    unset: async (key) => store.delete(key),
  };
  const request = { url, headers: { host: '127.0.0.1:9' }, socket: {}, connection: {}, protocol: 'http' };
  const response = { writeHead: (_, headers) => (sent.to = headers.Location ?? headers.location), end: () => {}, redirect: (to) => (sent.to = to) };
  return { smart: smart(request, response, storage), sent };
}

async function fhirclient(id, url, values) {
  const store = new Map();
  const begin = server(url, store);
  const settings = { clientId: id, redirectUri: BACK, pkceMode: 'required', ...values };
  const to = await begin.smart.authorize(settings);
  const back = await doctor.letsIn(begin.sent.to ?? to, values.more ?? []);
  const end = server(`/back${back.search}`, store);
  return end.smart.ready();
}

await check('fhirclient is let in for a patient who is chosen', async () => {
  const id = await registered(`Standalone ${run}`, { scopes: 'openid fhirUser launch/patient patient/*.rs', redirects: BACK });
  const values = { iss: BASE, scope: 'openid fhirUser launch/patient patient/*.read', more: [['patient', patient]] };
  const app = await fhirclient(id, '/launch', values);
  equal(app.patient.id, patient);
  equal((await app.patient.read()).id, patient);
  const found = await app.request(`Observation?patient=${patient}&_count=1`);
  equal(found.resourceType, 'Bundle');
});

await check('fhirclient is opened from a record with its patient', async () => {
  const launch = 'http://127.0.0.1:9/launch';
  const id = await registered(`Embedded ${run}`, { scopes: 'launch patient/*.rs', redirects: BACK, launch });
  const page = await doctor.ask(`/patients/${patient}/apps`);
  const form = page.text.split('<form').find((part) => part.includes(`value="${id}"`));
  const opened = await doctor.ask('/oauth/launch', doctor.fields(`<form${form}`, 'app'));
  const href = opened.text.match(/href="(http:\/\/127\.0\.0\.1:9\/launch[^"]*)"/)[1].replaceAll('&amp;', '&');
  const { search } = new URL(href);
  const app = await fhirclient(id, `/launch${search}`, { scope: 'launch patient/*.rs' });
  equal((await app.patient.read()).id, patient);
});

await check('a program shows its own keys (private_key_jwt, ES384) and gets no more than it asked', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true });
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES384', use: 'sig' }] });
  const id = await registered(`Backend ${run}`, { scopes: 'system/*.rs', keys, role: 'extract' });
  const options = { execute: [client.allowInsecureRequests] };
  const key = { key: privateKey, kid: 'k' };
  const auth = client.PrivateKeyJwt(key, { [client.modifyAssertion]: (_, payload) => {
    payload.aud = `${origin}/oauth/token`;
    payload.exp = payload.iat + 200;
  } });
  const config = await client.discovery(new URL(origin), id, undefined, auth, options);
  const tokens = await client.clientCredentialsGrant(config, { scope: 'system/Patient.rs' });
  equal(tokens.scope, 'system/Patient.rs');
  const read = (path) => fetch(`${BASE}/${path}`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  equal([(await read('Patient?_count=1')).status, (await read('Observation?_count=1')).status], [200, 403]);

});

console.log(`openid-client and fhirclient: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
