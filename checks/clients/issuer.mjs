// An OpenID Connect issuer for tests, made with npm oidc-provider: it asks no password and signs in whom
// `login_hint` names. Its claims have the shape of NHS CIS2's and NHS login's; everybody in them is invented.
// It prints its address, and ends when its input is closed.
import { createServer } from 'node:http'
import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'

const role = (org, code, roleid, more = {}) => ({
  person_orgid: `org-${roleid}`, person_roleid: roleid, org_code: org, role_code: code,
  role_name: '"Clinical":"Clinical Provision":"Synthetic Role"', activities: [], activity_codes: [],
  workgroups: [], workgroups_codes: [], ...more,
})
const PEOPLE = {
  nurse: {
    nhsid_useruid: '555000000001', name: 'SYNTHETIC Nora (Ms)',
    nhsid_nrbac_roles: [
      role('RX1', 'S8000:G8000:R8001', '1', { activity_codes: ['B0083', 'B9999'], workgroups_codes: ['ward-7b'] }),
    ],
  },
  both: {
    nhsid_useruid: '555000000002', name: 'SYNTHETIC Bo (Dr)', selected_roleid: '22',
    nhsid_nrbac_roles: [role('RX1', 'S8000:G8000:R8000', '21'), role('Z97001', 'S8000:G8000:R8000', '22')],
  },
  clerk: {
    nhsid_useruid: '555000000003', name: 'SYNTHETIC Cleo (Mx)',
    nhsid_nrbac_roles: [role('RX1', 'S8010:G8020:R9999', '31')],
  },
  proved: {
    identity_proofing_level: 'P9', vot: 'P9.Cp.Cd', nhs_number: '9990001006', given_name: 'Synthia', family_name: 'Example',
  },
  unproved: { identity_proofing_level: 'P0', vot: 'P0.Cp.Cd', nhs_number: '9990001006', family_name: 'Example' },
  stranger: { identity_proofing_level: 'P9', vot: 'P9.Cp.Cd', nhs_number: '9990001014', family_name: 'Nobody' },
}
const STAFF = ['nhsid_useruid', 'name', 'nhsid_nrbac_roles', 'selected_roleid']
const PATIENTS = ['identity_proofing_level', 'vot', 'nhs_number', 'given_name', 'family_name']
const key = (kid, type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig',
})

// It has much to say about what it should not be used for.
console.info = console.warn = () => {}

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const common = { redirect_uris: JSON.parse(process.env.REDIRECTS), response_types: ['code'], grant_types: ['authorization_code'] }
  const clients = [{ ...common, client_id: 'by-secret', client_secret: 'a secret: 50% of it/+' }]
  if (process.env.JWKS) {
    clients.push({
      ...common, client_id: 'by-key', token_endpoint_auth_method: 'private_key_jwt', jwks: JSON.parse(process.env.JWKS),
      token_endpoint_auth_signing_alg: process.env.ALG, id_token_signed_response_alg: 'ES256',
    })
  }
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [key('r1', 'rsa', { modulusLength: 2048 }, 'RS256'), key('e1', 'ec', { namedCurve: 'P-256' }, 'ES256')] },
    cookies: { keys: ['of no secrecy'] },
    claims: { openid: ['sub'], nationalrbacaccess: STAFF, profile: PATIENTS },
    scopes: ['openid', 'nationalrbacaccess', 'profile'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES384', 'RS256', 'RS384', 'RS512'], idTokenSigningAlgValues: ['RS256', 'ES256'],
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
      grant.addOIDCScope('openid nationalrbacaccess profile')
      await grant.save()
      return grant
    },
  })
  const rest = provider.callback()
  server.on('request', async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return rest(request, response)
    const { params } = await provider.interactionDetails(request, response)
    const result = params.login_hint ? { login: { accountId: params.login_hint } } : { error: 'access_denied' }
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  })
  console.log(`issuer ${issuer}`)
})
process.stdin.resume().on('end', () => process.exit(0))
