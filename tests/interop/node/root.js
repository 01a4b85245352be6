// Usage: root.js DIRECTORY ANSWERS CERTIFICATE NAME...: a certificate by http-01, with @root/acme (Greenlock).
const ACME = require('@root/acme');
const CSR = require('@root/csr');
const Keypairs = require('@root/keypairs');
const fs = require('fs');
const path = require('path');

const [directory, answers, certificate, ...names] = process.argv.slice(2);

const http01 = {
  init: async () => null,
  zones: async () => [],
  set: async ({ challenge }) => fs.writeFileSync(path.join(answers, challenge.token), challenge.keyAuthorization),
  get: async ({ challenge }) => ({ keyAuthorization: fs.readFileSync(path.join(answers, challenge.token), 'ascii') }),
  remove: async ({ challenge }) => fs.unlinkSync(path.join(answers, challenge.token)),
};

const pem = (der) => `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----`;

(async () => {
  const acme = ACME.create({
    maintainerEmail: 'you@example.com',
    packageAgent: 'tests/1.0',
    notify: () => {},
    skipDryRun: true,
    skipChallengeTest: true,
  });
  await acme.init(directory);
  const accountKey = (await Keypairs.generate({ kty: 'EC', format: 'jwk' })).private;
  const account = await acme.accounts.create({ subscriberEmail: 'you@example.com', agreeToTerms: true, accountKey });
  const serverKey = (await Keypairs.generate({ kty: 'RSA', format: 'jwk' })).private;
  const csr = pem(await CSR.csr({ jwk: serverKey, domains: names, encoding: 'der' }));
  const { cert, chain } = await acme.certificates.create({
    account, accountKey, csr, domains: names, challenges: { 'http-01': http01 },
  });
  fs.writeFileSync(certificate, `${cert}\n${chain}\n`);
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
