// The life of an account with npm's `acme-client`: orders, key rollover, revocation, deactivation.
// Arguments: the directory's address, the folder for http-01 answers, the folder for results, names; settings of an
// external account in EAB_KID and EAB_KEY.
'use strict';
const fs = require('fs');
const path = require('path');
const acme = require('acme-client');

const [directoryUrl, answers, results, ...names] = process.argv.slice(2);

async function obtain(client, file) {
    const order = await client.createOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) });
    for (const authorization of await client.getAuthorizations(order)) {
        if (authorization.status === 'valid') continue;
        const challenge = authorization.challenges.find((one) => one.type === 'http-01');
        const answer = await client.getChallengeKeyAuthorization(challenge);
        fs.writeFileSync(path.join(answers, challenge.token), answer);
        await client.completeChallenge(challenge);
        await client.waitForValidStatus(challenge);
    }
    const [, csr] = await acme.crypto.createCsr({ altNames: names });
    const finalized = await client.finalizeOrder(order, csr);
    const chain = await client.getCertificate(finalized);
    fs.writeFileSync(path.join(results, file), chain);
    return chain;
}

async function main() {
    const bound = process.env.EAB_KID
        ? { externalAccountBinding: { kid: process.env.EAB_KID, hmacKey: process.env.EAB_KEY } }
        : {};
    const accountKey = await acme.crypto.createPrivateEcdsaKey();
    const client = new acme.Client({ directoryUrl, accountKey, backoffMin: 200, ...bound });
    await client.createAccount({ termsOfServiceAgreed: true, contact: ['mailto:you@example.com'] });
    await obtain(client, 'first.pem');
    await client.updateAccount({ contact: ['mailto:one@example.com'] });
    await client.updateAccountKey(await acme.crypto.createPrivateRsaKey());
    const second = await obtain(client, 'second.pem');
    await client.revokeCertificate(second, { reason: 4 });
    await client.updateAccount({ status: 'deactivated' });
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
