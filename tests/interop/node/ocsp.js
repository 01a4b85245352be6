// Usage: ocsp.js LIBRARY CERTIFICATE ISSUER: in one word, what `ocsp` or `easy-ocsp` says of a certificate.
const fs = require('fs');

const [library, certificate, issuer] = process.argv.slice(2);
const first = (file) => fs.readFileSync(file, 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/)[0];
const asked = { cert: first(certificate), issuer: first(issuer) };

if (library === 'ocsp') {
  require('ocsp').check(asked, (error) => console.log(error ? error.message.replace('OCSP Status: ', '') : 'good'));
} else {
  require('easy-ocsp')
    .getCertStatus(asked.cert, { ca: asked.issuer })
    .then((said) => console.log(said.status));
}
